// Package fact says how facts of a record look on the pages of the console. It knows nothing of requests.
package fact

// Icon is the icon of a kind of fact.
func Icon(kind string) (icon string, fault bool) {
	switch kind {
	case "parcel_stored", "deposit_begun":
		return "package-plus", false
	case "parcel_collected":
		return "package-check", false
	case "parcel_removed":
		return "package-open", false
	case "deposit_undone", "undo_requested":
		return "undo-2", false
	case "door_opened", "open_requested":
		return "door-open", false
	case "door_closed":
		return "door-closed", false
	case "open_failed", "open_unconfirmed", "fault_raised", "problem_reported", "place_doubted", "drop_refused", "code_refused":
		return "triangle-alert", true
	case "code_reissued":
		return "key-round", false
	case "place_reserved", "reservation_ended":
		return "bookmark", false
	case "service_changed":
		return "wrench", false
	case "place_verified", "fault_cleared":
		return "check", false
	}
	return "info", false
}
