package locker

// Code is a stable error code. Codes are never renamed or used for something else. Each has a
// number that a kiosk shows and a sentence in every catalogue under "error.<CODE>".
type Code string

// The codes.
const (
	CodeInternal           Code = "INTERNAL"             // anything that is our fault
	CodeInputInvalid       Code = "INPUT_INVALID"        // a field is missing or malformed
	CodeNotFound           Code = "NOT_FOUND"            // no such object, or not yours
	CodeNotAllowed         Code = "NOT_ALLOWED"          // the person may not do this
	CodeConflict           Code = "CONFLICT"             // somebody else changed it first
	CodeRateLimited        Code = "RATE_LIMITED"         // too many tries, wait
	CodeSignInWrong        Code = "SIGN_IN_WRONG"        // name or password wrong
	CodeCodeWrong          Code = "CODE_WRONG"           // no such code
	CodeCodeTyped          Code = "CODE_TYPED"           // check symbol wrong: a typing error
	CodeCodeExpired        Code = "CODE_EXPIRED"         // was right once
	CodeCodeFlooded        Code = "CODE_FLOODED"         // too many wrong codes: a second proof is asked
	CodeHolderLocked       Code = "HOLDER_LOCKED"        // too many wrong codes for this unit: QR or staff
	CodeCourierUnknown     Code = "COURIER_UNKNOWN"      // courier's code unknown, ended or revoked
	CodeUnitUnknown        Code = "UNIT_UNKNOWN"         // nobody found for what was typed
	CodeRecipientUnknown   Code = "RECIPIENT_UNKNOWN"    // no such recipient
	CodeBankFull           Code = "BANK_FULL"            // no free compartment
	CodeNothingFits        Code = "NOTHING_FITS"         // free compartments, none large enough
	CodeNoLowDoor          Code = "NO_LOW_DOOR"          // the recipient needs a low door, none is free
	CodePlaceUnknown       Code = "PLACE_UNKNOWN"        // no such place in the layout
	CodePlaceTaken         Code = "PLACE_TAKEN"          // holds somebody else's parcel, or reserved
	CodePlaceOut           Code = "PLACE_OUT_OF_SERVICE" // out of service, or faulty, or unverified
	CodePlaceEmpty         Code = "PLACE_EMPTY"          // nothing in it to collect
	CodeDoorBusy           Code = "DOOR_BUSY"            // a request for this door is under way
	CodeDoorOpen           Code = "DOOR_OPEN"            // the door must be shut first
	CodeDoorJammed         Code = "DOOR_JAMMED"          // did not open after all tries
	CodeRetriesSpent       Code = "RETRIES_SPENT"        // two retries are the most
	CodeBoardSilent        Code = "BOARD_SILENT"         // the lock board does not answer
	CodeGovernorWait       Code = "GOVERNOR_WAIT"        // one pulse at a time
	CodeRemoteLimit        Code = "REMOTE_LIMIT"         // too many remote openings
	CodeIntentExpired      Code = "INTENT_EXPIRED"       // arrived too late
	CodeProofWrong         Code = "PROOF_WRONG"          // the code on the kiosk's screen has changed
	CodeStayUnknown        Code = "STAY_UNKNOWN"         // no such stay
	CodeStayEnded          Code = "STAY_ENDED"           // already collected or removed
	CodeStayRevoked        Code = "STAY_REVOKED"         // only staff may open it now
	CodeStayNotReady       Code = "STAY_NOT_READY"       // not stored yet
	CodeUndoClosed         Code = "UNDO_CLOSED"          // too late to undo
	CodeSessionEnded       Code = "SESSION_ENDED"        // sign in again
	CodeClockUntrusted     Code = "CLOCK_UNTRUSTED"      // the site's clock cannot be trusted
	CodeLayoutInvalid      Code = "LAYOUT_INVALID"       // the layout contradicts itself
	CodeLayoutMismatch     Code = "LAYOUT_MISMATCH"      // the layout names boards that are not there
	CodeDiskFull           Code = "DISK_FULL"            // the site's disk is full
	CodeJournalFork        Code = "JOURNAL_FORK"         // same number, other bytes
	CodeJournalSealed      Code = "JOURNAL_SEALED"       // a torn or corrupt journal was sealed
	CodeIdentityInUse      Code = "IDENTITY_IN_USE"      // a second controller with the same identity
	CodeTokenUsed          Code = "TOKEN_USED"           // enrolment token used or unknown
	CodeTokenExpired       Code = "TOKEN_EXPIRED"        // enrolment token too old
	CodeVersionUnsupported Code = "VERSION_UNSUPPORTED"  // the other half is too old or too new
	CodeImportInvalid      Code = "IMPORT_INVALID"       // a file with rows that cannot be imported
	CodeMailUnreachable    Code = "MAIL_UNREACHABLE"     // the mail server does not answer
	CodeMailRefused        Code = "MAIL_REFUSED"         // the mail server refused us
	CodeSiteOffline        Code = "SITE_OFFLINE"         // the site is not connected now
	CodePrinterOffline     Code = "PRINTER_OFFLINE"      // the label printer does not answer
	CodeSignatureNeeded    Code = "SIGNATURE_NEEDED"     // whoever takes a parcel signs here
)

// Numbered is a code with the number that a kiosk shows.
type Numbered struct {
	Code   Code
	Number int
}

// Codes lists every code with its number, in the order of the numbers. Numbers are never reused.
func Codes() []Numbered {
	return []Numbered{
		{CodeInternal, 100},
		{CodeInputInvalid, 101},
		{CodeNotFound, 102},
		{CodeNotAllowed, 103},
		{CodeConflict, 104},
		{CodeRateLimited, 105},
		{CodeSignInWrong, 106},
		{CodeCodeWrong, 201},
		{CodeCodeTyped, 202},
		{CodeCodeExpired, 203},
		{CodeCodeFlooded, 204},
		{CodeHolderLocked, 205},
		{CodeCourierUnknown, 206},
		{CodeUnitUnknown, 207},
		{CodeRecipientUnknown, 208},
		{CodeProofWrong, 209},
		{CodeSessionEnded, 210},
		{CodeBankFull, 301},
		{CodeNothingFits, 302},
		{CodeNoLowDoor, 303},
		{CodePlaceUnknown, 304},
		{CodePlaceTaken, 305},
		{CodePlaceOut, 306},
		{CodePlaceEmpty, 307},
		{CodeDoorBusy, 308},
		{CodeDoorOpen, 309},
		{CodeDoorJammed, 310},
		{CodeRetriesSpent, 311},
		{CodeStayUnknown, 401},
		{CodeStayEnded, 402},
		{CodeStayRevoked, 403},
		{CodeStayNotReady, 404},
		{CodeUndoClosed, 405},
		{CodeBoardSilent, 501},
		{CodeGovernorWait, 502},
		{CodeRemoteLimit, 503},
		{CodeIntentExpired, 504},
		{CodeClockUntrusted, 505},
		{CodeLayoutInvalid, 506},
		{CodeLayoutMismatch, 507},
		{CodeDiskFull, 508},
		{CodeJournalFork, 601},
		{CodeJournalSealed, 602},
		{CodeIdentityInUse, 603},
		{CodeTokenUsed, 604},
		{CodeTokenExpired, 605},
		{CodeVersionUnsupported, 606},
		{CodeSiteOffline, 607},
		{CodeImportInvalid, 701},
		{CodeMailUnreachable, 702},
		{CodeMailRefused, 703},
		{CodePrinterOffline, 704},
		{CodeSignatureNeeded, 705},
	}
}

// Number returns the number of the code, and that of CodeInternal for an unknown one.
func (c Code) Number() int {
	for _, n := range Codes() {
		if n.Code == c {
			return n.Number
		}
	}
	return 100
}
