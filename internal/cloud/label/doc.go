// Package label draws what is printed at the front desk: a slip that tells a recipient of a parcel, a label for
// the parcel, and a label for a shelf. It draws each once, as paper (PDF) and for a label printer that reads ZPL
// at TCP port 9100, with a QR code and a Code 128 bar code.
//
// It knows words and measures, not parcels: whoever asks says what stands on a label, in which language.
package label
