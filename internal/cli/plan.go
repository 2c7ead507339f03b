package cli

type planCmd struct {
	Erlang  planErlangCmd  `cmd:"" help:"Erlang-B: how many parcels of a load find no door, and its inverses."`
	Kaufman planKaufmanCmd `cmd:"" help:"Kaufman-Roberts: how many parcels of each size do not fit into an open room."`
	Mix     planMixCmd     `cmd:"" help:"The best doors of each size in a height, or the least height for a loss."`
	Columns planColumnsCmd `cmd:"" help:"How compartments make columns, and the fewest columns that have the doors of a demand."`
}
