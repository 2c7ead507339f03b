// Package exchange is the conversation on a half-duplex line that all families of lock boards share
// (docs/adr/0009): one request at a time, a deadline for its answer, and everything that a bus with
// noise, echoes and slow boards needs so that an answer is never taken for another one's.
//
// What it promises to a family:
//
//   - A request is written once. Nothing is ever repeated; only Census asks several times, with a
//     request that must not open anything.
//   - An answer that comes too late never satisfies a later request. After silence the line is
//     emptied until it is quiet, and while the answer to a question about states (Request.State) is
//     owed, the next such answer is held back until no fresher one follows. It acknowledges no unlock.
//   - The adapter's echo is never taken for an answer. Whether there is one is a setting or found
//     out; requests whose answer may be equal to them are marked (Request.Twin).
//   - Quiet time only resynchronises: a frame is taken as soon as its last byte is there.
//   - Silence is board.ErrSilent, bytes without a frame are board.ErrGarbled, a failing line is
//     board.ErrLost. The context's own error is returned when the context ends first.
//
// A family gives a Splitter, which tells frames in bytes and has no memory, and for each request a
// Match. It must not know doors, states or settings of a family.
//
//	x, err := exchange.New(exchange.Options[frame]{
//		Conn: conn, Now: now, Split: split, Echo: exchange.EchoAuto,
//	})
//	...
//	f, err := x.Do(ctx, exchange.Request[frame]{
//		Addr: addr, Frame: encodeStatus(addr), Within: 400 * time.Millisecond, State: true,
//		Match: func(f frame) exchange.Fit {
//			if f.kind == kindStatus && f.addr == addr {
//				return exchange.Answer
//			}
//			return exchange.Other
//		},
//	})
//
// Scanner, the part that finds frames in bytes, also serves a family's virtual boards and fuzzers,
// and Explain its board.Codec.
package exchange
