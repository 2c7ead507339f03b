package entry

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
)

// NoticeSettings are what a site wants of the messages to its recipients, and of those to its staff.
type NoticeSettings struct {
	// Holidays are dates without reminders, in the property's zone: "2026-12-25", or "12-25" for
	// every year.
	Holidays []string `json:"holidays,omitempty"`
	// ConfirmCollected sends a mail when a parcel was collected.
	ConfirmCollected bool `json:"confirm_collected,omitempty"`
	// Chat lists rooms that hear of incidents, as addresses of shoutrrr, e.g. "slack://token@channel". They
	// hold secrets.
	Chat []string `json:"chat,omitempty"`
}

const (
	maxHolidays = 200 // of a site: a year has few
	maxChats    = 10
	maxChat     = 1000 // bytes of an address
)

// ChatServices lists where staff can be told: the schemes of addresses.
func ChatServices() []string {
	return []string{"discord", "googlechat", "matrix", "mattermost", "ntfy", "rocketchat", "slack", "teams", "telegram", "zulip", "generic"}
}

// Check returns INPUT_INVALID for a holiday that is no date and for an address of no known chat.
func (s NoticeSettings) Check() error {
	if len(s.Holidays) > maxHolidays {
		return locker.Errorf(locker.CodeInputInvalid, "at most %d holidays", maxHolidays)
	}
	for _, day := range s.Holidays {
		full := day
		if len(full) == len("12-25") {
			full = "2024-" + full // a leap year: 29 February is a date
		}
		if _, err := time.Parse(time.DateOnly, full); err != nil {
			return locker.Errorf(locker.CodeInputInvalid, "holiday %q is neither YYYY-MM-DD nor MM-DD", rows.Shorten(day))
		}
	}
	if len(s.Chat) > maxChats {
		return locker.Errorf(locker.CodeInputInvalid, "at most %d chat rooms", maxChats)
	}
	for i, address := range s.Chat {
		scheme, _, ok := strings.Cut(address, "://")
		if _, err := url.Parse(address); err != nil || !ok || len(address) > maxChat || !slices.Contains(ChatServices(), ChatService(scheme)) {
			return locker.Errorf(locker.CodeInputInvalid, "chat room %d does not begin with one of %s and ://", i+1,
				strings.Join(ChatServices(), ", "))
		}
	}
	return nil
}

// ChatService returns the service of an address or a scheme, without what follows on a plus sign.
func ChatService(address string) string {
	scheme, _, _ := strings.Cut(address, ":")
	service, _, _ := strings.Cut(scheme, "+")
	return strings.ToLower(service)
}

// masked stands for the secrets of an address.
const masked = "://…"

// MaskChats returns addresses without their secrets: only which service each is.
func MaskChats(addresses []string) []string {
	var all []string
	for _, a := range addresses {
		all = append(all, ChatService(a)+masked)
	}
	return all
}

// KeepChats puts the known addresses back where [MaskChats] cut them, in their order, service by service.
func KeepChats(told, known []string) []string {
	left := slices.Clone(known)
	var all []string
	for _, a := range told {
		if service, cut := strings.CutSuffix(a, masked); cut {
			i := slices.IndexFunc(left, func(k string) bool { return ChatService(k) == service })
			if i < 0 {
				continue // it was taken out meanwhile
			}
			a = left[i]
			left = slices.Delete(left, i, i+1)
		}
		all = append(all, a)
	}
	return all
}
