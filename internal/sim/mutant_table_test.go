package sim_test

// mutant is one mistake that somebody could make in the production code: a text of a file that becomes
// another. The simulator must find it, or for what it models rather than plays, the tests of a package.
type mutant struct {
	name     string
	file     string // of the module
	old, new string // old stands exactly once in it
	promise  string // which should be broken first; it may well be another
	server   bool   // it is in the production's server
	pkg, run string // tests that must fail instead of the simulator
}

// mutants holds mistakes in every layer: the rules, the controller, the journal, the link, ingest, notices,
// recovery.
func mutants() []mutant {
	all := ruleMutants()
	all = append(all, controllerMutants()...)
	all = append(all, recoveryMutants()...)
	all = append(all, serverMutants()...)
	return append(all, modelledMutants()...)
}

// ruleMutants are mistakes in the pure core.
func ruleMutants() []mutant {
	const dir = "internal/locker/"
	return []mutant{
		{
			name: "a place with parcels in it counts as free", file: dir + "allocate.go", promise: "I2",
			old: "case len(s.Matter.byPlace[p.ID]) > 0:", new: "case len(s.Matter.byPlace[p.ID]) > 0 && p.Row%2 == 0:",
		}, {
			name: "parcels of two households share a door", file: dir + "allocate.go", promise: "I2",
			old: "unit != n.Unit || n.Unit == \"\" || s.Revoked(st) || who.Inactive || who.Unit != n.Unit {", new: "unit == \"\" || s.Revoked(st) || who.Inactive {",
		}, {
			name: "a place that nobody can vouch for is promised", file: dir + "allocate.go", promise: "I2",
			old: `if ps.Out || ps.Doubt != "" || len`, new: `if ps.Out || len`,
		}, {
			name: "one sensor is believed: taken, although the space is seen to be full", file: dir + "decide_sight.go", promise: "I3",
			old: "seen.Occupancy != OccupancyOccupied:", new: "seen.Occupancy != \"\" || r.Purpose == PurposeCollect:",
		}, {
			name: "a deposit that nobody saw is taken for stored when its door is seen empty", file: dir + "decide_sight.go", promise: "I3",
			old: "case st.State == StayDepositing && seen.Occupancy != OccupancyEmpty:", new: "case st.State == StayDepositing:",
		}, {
			name: "a right that was taken back still collects", file: dir + "decide_collect.go", promise: "I1",
			old: "if s.Revoked(shown) { //", new: "if s.Revoked(shown) && s.Matter.Audit { //",
		}, {
			name: "a pass opens after its end", file: dir + "decide_collect.go", promise: "I1",
			old: "case g.From > now || g.Until != 0 && g.Until <= now:", new: "case g.From > now:",
		}, {
			name: "a pass opens a door with other parcels", file: dir + "decide_collect.go", promise: "I1",
			old: "return st.ID != shown.ID || len(s.Matter.LiveIn(st.Place)) > 1 //", new: "return false //",
		}, {
			name: "a retry names itself, not the first request", file: dir + "decide_collect.go", promise: "I1",
			old: "opening.Retries, opening.Attempt = last.First,", new: "opening.Retries, opening.Attempt = opening.Request,",
		}, {
			name: "a collected parcel stays in the books", file: dir + "evolve.go", promise: "I3",
			old: "m.endStay(f.Stay, StayCollected, at)", new: "m.place(f.Place).FreedAt = at",
		}, {
			name: "stays are forgotten after a day, the live ones too", file: dir + "evolve.go", promise: "I3",
			old: "return st.State.Ended() && st.EndedAt.Add(KeepEnded) < at", new: "return st.StoredAt != 0 && st.StoredAt.Add(KeepEnded/7) < at",
		}, {
			name: "what somebody says is not theirs is over", file: dir + "evolve.go", promise: "I3",
			old: "st.State, st.EndedAt = StayHeld, 0", new: "st.State, st.EndedAt = StayCollected, m.Latest",
		},
	}
}

// controllerMutants are mistakes in the step function.
func controllerMutants() []mutant {
	const dir = "internal/controller/"
	return []mutant{
		{
			name: "no gap between two pulses of a bank", file: dir + "governor/governor.go", promise: "I13",
			old: "case p.inFlight, p.used && nowMS-p.ended < PulseGap.Milliseconds():", new: "case p.inFlight:",
		}, {
			name: "two pulses in flight at one bank", file: dir + "governor/governor.go", promise: "I13",
			old: "g.banks[bank] = pace{inFlight: true, ended: p.ended, used: p.used}", new: "g.banks[bank] = pace{ended: p.ended, used: p.used}",
		}, {
			name: "a remote message goes round the governor", file: dir + "governor/governor.go", promise: "I13",
			old: "if nowMS-at < RemoteSpan.Milliseconds() {", new: "if nowMS-at < 0 {",
		}, {
			name: "a request is pulsed as long as it waits", file: dir + "opening.go", promise: "I1",
			old: "x.sent, x.sentAt = true, m.now.MonoMS", new: "x.sent, x.sentAt = x.attempt > 1, m.now.MonoMS",
		}, {
			name: "wrong codes are not counted", file: dir + "enter.go", promise: "I7",
			old: "\tm.budget.Spend(entry, holder, at)\n", new: "",
		}, {
			name: "a flood of wrong codes asks for nothing", file: dir + "enter.go", promise: "I7",
			old: "case credential.VerdictFlooded:\n", new: "case credential.VerdictFlooded + 100:\n",
		}, {
			name: "the machine forgets when it is due", file: dir + "due.go", promise: "I1",
			old: "\t\tcase x.done:\n\t\t\tm.dueAt(x.deadline)", new: "\t\tcase x.done && x.attempt == 0:\n\t\t\tm.dueAt(x.deadline)",
		}, {
			name: "a change of the directory is passed over", file: dir + "machine.go", promise: "I1b",
			old: "if err := wire.ApplyChange(d, m.keys, c); err != nil {", new: "if c.Kind == wire.KindOrder {\n\t\t\tcontinue\n\t\t}\n\t\tif err := wire.ApplyChange(d, m.keys, c); err != nil {",
		},
	}
}

// recoveryMutants are mistakes around a restart and in the record.
func recoveryMutants() []mutant {
	return []mutant{
		{
			name: "a start pulses what was asked for before it", file: "internal/controller/machine.go", promise: "I1",
			old: "\tm.must(locker.Start{Boot: now.Boot, Version: m.opts.Version, Seen: seen})\n",
			new: "\tasked := m.state.Matter.Open()\n\tm.must(locker.Start{Boot: now.Boot, Version: m.opts.Version, Seen: seen})\n\tfor _, r := range asked {\n\t\tp, _ := m.state.Directory.Place(r.Place)\n" +
				"\t\tm.openings = append(m.openings, &opening{request: r.ID, place: p, cause: r.Cause, attempt: r.Attempt, first: now.MonoMS, asked: now.MonoMS})\n\t}\n",
		}, {
			name: "the sensor is trusted at a recovery: a deposit in the middle is stored", file: "internal/locker/decide_sight.go", promise: "I3",
			old: "\t\t\tdoubted[st.Place] = true\n\t\t}\n\t\tif st.State == StayStored",
			new: "\t\t\tfacts = append(facts, DepositUndone{Stay: st.ID, Place: st.Place, Reason: \"abandoned\"})\n\t\t}\n\t\tif st.State == StayStored",
		}, {
			name: "a restart gives a remote attacker his openings back", file: "internal/controller/opening.go", promise: "I13",
			old: "remote := len(m.recall)", new: "remote := min(len(m.recall), 0)",
		}, {
			name: "a restart forgets the wrong codes", file: "internal/controller/machine.go", promise: "I7",
			old: "if f.Reason == locker.CodeCodeWrong {", new: "if f.Reason == locker.CodeCodeTyped {",
		}, {
			name: "a restart begins the numbers again", file: "internal/controller/machine.go", promise: "I6",
			old: "\tm.pos = op.Position()\n", new: "\tm.pos.Epoch = op.Epoch\n",
		}, {
			name: "the chain leaves out the record before", file: "internal/journal/record.go", promise: "I5",
			old: "\th.Write(prev[:])\n", new: "",
		}, {
			name: "the verifier passes over a changed record", file: "internal/journal/scan.go", promise: "I5",
			old: "\tdefault:\n\t\ts.bad = r\n", new: "\tdefault:\n\t\ts.accept(r)\n",
		}, {
			name: "two records get one number", file: "internal/journal/log.go", promise: "I5",
			old: "\t\ttip.Size++\n", new: "\t\tif i == 0 {\n\t\t\ttip.Size++\n\t\t}\n",
		}, {
			name: "a stay comes back from a snapshot as it was not", file: "internal/controller/snapshot.go", promise: "I3",
			old: "return s.Matter.Whole() }", new: "if s.Matter != nil { clear(s.Matter.Requests) }; return s.Matter.Whole() }",
		}, {
			name: "a fact is lost on its way into the record", file: "internal/controller/machine.go", promise: "I3",
			old: "\tfor part := range slices.Chunk(facts, maxFacts) {",
			new: "\tif len(facts) > 2 {\n\t\tfacts = facts[1:]\n\t}\n\tfor part := range slices.Chunk(facts, maxFacts) {",
		},
	}
}

// serverMutants are mistakes in the server: intake, tables, directory, messages, audit. The seeds over the production's server
// must find them.
func serverMutants() []mutant {
	all := []mutant{
		{
			name: "a collected parcel stays in the tables", file: "internal/cloud/intake/project_stay.go", promise: "I3",
			old: "return p.endStay(ctx, row, locker.StayCollected)", new: "return p.touchPlace(ctx, row)",
		}, {
			name: "an undone deposit is collected in the tables", file: "internal/cloud/intake/project_stay.go", promise: "I3",
			old: "return p.endStay(ctx, row, locker.StayUndone)", new: "return p.endStay(ctx, row, locker.StayCollected)",
		}, {
			name: "a parcel is announced once it is stored, and no more", file: "internal/cloud/intake/follow.go", promise: "I4",
			old: "case locker.ParcelStored, locker.DepositSettled, locker.CodeReissued:", new: "case locker.ParcelStored, locker.CodeReissued:",
		}, {
			name: "the site does not hear that a courier lost the access", file: "internal/cloud/courier.go", promise: "I1b",
			old: "Until: locker.Millis(row.Until), Revoked: d.Revoked,\n\t}, nil", new: "Until: locker.Millis(row.Until),\n\t}, nil",
		}, {
			name: "the site does not hear that a right to collect was taken back", file: "internal/cloud/order.go", promise: "I1b",
			old: "\t\tRevoked: o.Revoked, CollectBy:", new: "\t\tCollectBy:",
		}, {
			name: "the audit reads back a record without its empty maps", file: "internal/cloud/audit/replay.go", promise: "I3",
			old: "\tr.Matter = r.Matter.Whole()\n", new: "\tif r.Matter == nil {\n\t\tr.Matter = locker.NewMatter()\n\t}\n",
		}, {
			name: "the audit forgets in which state a parcel was", file: "internal/cloud/audit/replay.go", promise: "I3",
			old: "\t\t\tr.count(from, -1)\n", new: "",
		}, {
			name: "the audit does not count what was brought", file: "internal/cloud/audit/replay.go", promise: "I3",
			old: "\t\t\tr.Entered++\n", new: "",
		},
	}
	for i := range all {
		all[i].server = true
	}
	return all
}

// modelledMutants are mistakes in what the simulator has models of: the run loop, the disk, the link, the
// server. Their packages' own tests must find them.
func modelledMutants() []mutant {
	return []mutant{
		{
			name: "the run loop pulses before the intent is durable", file: "internal/controller/controller.go", promise: "I1",
			pkg: "./internal/controller", run: "^TestController_(PowerCut|IOError|DiskFull)",
			old: "\terr := c.append(ctx, outs)\n\tswitch {\n\tcase err == nil:\n\tcase errors.Is(err, journal.ErrFull):",
			new: "\tfor _, out := range outs {\n\t\tc.perform(ctx, out)\n\t}\n\terr := c.append(ctx, outs)\n\tswitch {\n\tcase err == nil:\n\tcase errors.Is(err, journal.ErrFull):",
		}, {
			name: "an error of the disk is tried again", file: "internal/journal/log.go", promise: "I6",
			pkg: "./internal/journal", run: "^TestLog_(IOError|AnyHistory)",
			old: "\treturn l.fail(err)\n}\n\n// note runs", new: "\treturn err\n}\n\n// note runs",
		}, {
			name: "a journal that was torn is not looked at", file: "internal/journal/open.go", promise: "I6",
			pkg: "./internal/journal", run: "^TestOpen_(SealsWhatIsBad|TailIsChecked|OldCopyIsFound)$",
			old: "\tif fault, err := o.checkTail(ctx, last, heads); fault != nil || err != nil {",
			new: "\tif fault, err := o.checkTail(ctx, last, heads); fault != nil && err != nil {",
		}, {
			name: "an old copy of the disk is taken for the journal", file: "internal/journal/open.go", promise: "I6",
			pkg: "./internal/journal", run: "^TestOpen_OldCopyIsFound$",
			old: "\tif fault := o.checkSide(last, heads); fault != nil {", new: "\tif fault := o.checkSide(last, heads); fault != nil && len(epochs) > 99 {",
		}, {
			name: "the link takes a request twice", file: "internal/link/nonce.go", promise: "I1",
			pkg: "./internal/link", run: "^(TestNonces|TestExchange_ReplayAndTampering)$",
			old: "if inThis || inLast || len(n.spent[0]) >= maxSpent {", new: "if inThis && inLast || len(n.spent[0]) >= maxSpent {",
		}, {
			name: "the site takes an acknowledgement of what it has not got", file: "internal/link/exchange.go", promise: "I6",
			pkg: "./internal/link", run: "^TestLink_ServerAcknowledgesTooMuch$",
			old: "case a.Compare(sent) > 0 && a.Compare(e.acked) > 0:", new: "case a.Compare(sent) > 0 && sent.Epoch == 0:",
		}, {
			name: "the server counts what comes again", file: "internal/cloud/intake/ingest.go", promise: "I6",
			pkg: "./internal/cloud", run: "^TestIngest_RepeatsGapsAndForks$",
			old: "\tcase in.Compare(at) <= 0:\n", new: "\tcase in.Compare(at) < 0:\n",
		}, {
			name: "the server passes over a fork", file: "internal/cloud/intake/ingest.go", promise: "I5",
			pkg: "./internal/cloud", run: "^TestIngest_RepeatsGapsAndForks$",
			old: "if have != nil && bytes.Equal(have, in.Op) {", new: "if have != nil && (len(have) > 0 || bytes.Equal(have, in.Op)) {",
		}, {
			name: "the server takes what follows a gap", file: "internal/cloud/intake/ingest.go", promise: "I6",
			pkg: "./internal/cloud", run: "^TestIngest_RepeatsGapsAndForks$",
			old: "case in.Epoch == at.Epoch && in.Number == at.Number+1:", new: "case in.Epoch == at.Epoch && in.Number >= at.Number+1:",
		}, {
			name: "the server countersigns what it has not got", file: "internal/cloud/intake/head.go", promise: "I5",
			pkg: "./internal/cloud", run: "^TestHead_Countersigned$",
			old: "if frontier.Root() != checkpoint.Root {", new: "if frontier.Root() != checkpoint.Root && frontier.Size() == 0 {",
		}, {
			name: "a first notice goes for what is gone", file: "internal/cloud/notice/notice.go", promise: "I4",
			pkg: "./internal/cloud/notice", run: "^TestFirst_",
			old: "return s.Live && s.State == string(locker.StayStored) && s.Settled && !s.Revoked && s.Recipient != \"\"",
			new: "return s.Settled && s.Recipient != \"\"",
		},
	}
}
