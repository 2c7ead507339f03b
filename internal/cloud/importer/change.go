package importer

// Action is what an import does with somebody. The zero value is invalid.
type Action string

// The actions.
const (
	ActionAdd        Action = "add"
	ActionChange     Action = "change"
	ActionDeactivate Action = "deactivate"
)

// Change is one recipient that an import would add, change or make inactive.
type Change struct {
	Line   int // of the file; 0: not in it
	Action Action
	Unit   string
	Name   string
	Fields []Edit // of a change: what differs
}

// Edit is one field that a change replaces.
type Edit struct {
	Field    Field
	Old, New string
}
