package service

import (
	"cubby/board"
	"cubby/internal/commission"
	"cubby/internal/locker"
	"cubby/internal/text"
)

type findingView struct{ Found, Todo string }

// findings says what was found, the worst first.
func findings(p *text.Printer, list []commission.Finding) []findingView {
	views := make([]findingView, 0, len(list))
	for _, f := range list {
		found, todo := commission.Sentence(p, f)
		views = append(views, findingView{Found: found, Todo: todo})
	}
	return views
}

type boardsView struct {
	Heads  [4]string
	Boards []boardView
}

type boardView struct{ Name, Family, Outputs, State string }

func boardsOf(p *text.Printer, boards []commission.Board) boardsView {
	v := boardsView{Heads: [4]string{
		p.T("service.boards.board"), p.T("service.boards.family"), p.T("service.boards.outputs"), p.T("service.boards.state"),
	}}
	for _, b := range boards {
		state := p.T("service.boards.silent")
		switch b.Presence {
		case board.PresenceNone:
		case board.PresenceOne:
			state = p.T("service.boards.one")
			if !b.Sees {
				state = p.T("service.boards.blind")
			}
		case board.PresenceSeveral:
			state = p.T("service.boards.several")
		}
		v.Boards = append(v.Boards, boardView{
			Name: locker.PartBoard(b.Bus, b.Address), Family: b.Family, Outputs: p.Number(b.Channels), State: state,
		})
	}
	return v
}
