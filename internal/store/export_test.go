package store

import "regexp"

// ListsForTest returns the text of the queries that are put together in Go, in their shapes, with 1 for
// each parameter.
func ListsForTest() map[string]string {
	lists := ListTextsForTest()
	for name, query := range lists {
		lists[name] = regexp.MustCompile(`\$\d+`).ReplaceAllString(query, "1")
	}
	return lists
}

// ListTextsForTest is ListsForTest with the parameters.
func ListTextsForTest() map[string]string {
	lists := map[string]string{}
	add := func(name, query string, _ []any) { lists[name] = query }
	for name, f := range map[string]DeliveryQuery{
		"deliveries all":     {Sites: []string{"a", "b"}, Limit: 10},
		"deliveries live":    {Sites: []string{"a"}, LiveOnly: true, Limit: 10},
		"deliveries overdue": {Sites: []string{"a"}, LiveOnly: true, States: []string{"stored"}, DueBefore: 5, Limit: 10},
		"deliveries page":    {Sites: []string{"a"}, BeforeBegun: 5, BeforeID: "x", EndedOnly: true, Limit: 10},
		"deliveries search": {
			Sites: []string{"a"}, Narrow: true, Units: []string{"u"}, Recipients: []string{"r"}, Parcels: []Key{{"a", "p"}}, Limit: 10,
		},
		"deliveries nothing": {Sites: []string{"a"}, Narrow: true, Limit: 10},
	} {
		query, args := f.build()
		add(name, query, args)
	}
	for name, f := range map[string]IncidentQuery{
		"incidents":      {Sites: []string{"a"}, State: "open", Limit: 10},
		"incidents page": {Sites: []string{"a", "b"}, State: "open", Place: "p", BeforeOpened: 5, BeforeID: "x", Limit: 10},
	} {
		query, args := f.build()
		add(name, query, args)
	}
	return lists
}
