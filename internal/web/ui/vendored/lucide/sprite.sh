#!/bin/sh
# Makes icons.svg from the folder of single icons of an unpacked lucide-static package:
#   lucide/sprite.sh path/to/package/icons > lucide/icons.svg
# The names are those of icons.txt beside this script, one a line.
set -eu
icons=$1
here=$(dirname "$0")
printf '<svg xmlns="http://www.w3.org/2000/svg">'
while read -r name; do
	printf '<symbol id="%s" viewBox="0 0 24 24">' "$name"
	sed -e '1,/^>/d' -e '/<\/svg>/d' "$icons/$name.svg" | tr -d '\n' | sed -e 's/^ *//' -e 's/> *</></g' -e 's/ \/>/\/>/g'
	printf '</symbol>'
done < "$here/icons.txt"
printf '</svg>\n'
