package link

import (
	"log/slog"

	"cubby/internal/locker"
)

func siteAttr(id locker.SiteID) slog.Attr { return slog.String("site", string(id)) }

func revAttr(rev uint64) slog.Attr { return slog.Uint64("rev", rev) }

func errAttr(err error) slog.Attr { return slog.Any("error", err) }
