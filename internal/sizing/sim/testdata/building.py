# The building of the benchmarks in SimPy: the same process as the Go simulation, written the way SimPy is
# used, with doors as plain counters because its resources are slower. Reads the figures as JSON on
# standard input, writes per-year counts, events and processor seconds as JSON.
import json
import math
import random
import sys
import time

import simpy

DAY, WEEK = 24 * 60.0, 7 * 24 * 60.0


def poisson(rng, mean):
    """Count arrivals of a unit rate within mean."""
    count, at = 0, rng.expovariate(1.0)
    while at < mean:
        count += 1
        at += rng.expovariate(1.0)
    return count


def daily(rng, mean, ratio):
    """Negative binomial as a Poisson of a gamma."""
    if ratio > 1:
        mean = rng.gammavariate(mean / (ratio - 1), ratio - 1)
    return poisson(rng, mean)


class Building:
    def __init__(self, figures, seed):
        self.f = figures
        self.rng = random.Random(seed)
        self.env = simpy.Environment()
        self.free = list(figures["doors"])
        self.events = 0
        self.counting = False
        self.offered = [0] * len(figures["shares"])
        self.lost = list(self.offered)
        self.upgraded = list(self.offered)

    def parcel(self, kind):
        self.events += 1
        if self.counting:
            self.offered[kind] += 1
        for size in range(kind, len(self.free)):
            if self.free[size] > 0:
                break
        else:
            if self.counting:
                self.lost[kind] += 1
            return
        if self.counting and size != kind:
            self.upgraded[kind] += 1
        self.free[size] -= 1
        yield self.env.timeout(self.rng.lognormvariate(self.f["mu"], self.f["sigma"]))
        self.events += 1
        self.free[size] += 1

    def kinds(self, count):
        return self.rng.choices(range(len(self.f["shares"])), self.f["shares"], k=count)

    def visit(self, wait, count):
        yield self.env.timeout(wait)
        self.events += 1
        for kind in self.kinds(count):
            self.env.process(self.parcel(kind))

    def deliveries(self, season, weekday):
        for carrier in self.f["carriers"]:
            mean = self.f["per_week"] / 7 * season * weekday * carrier["share"]
            count = daily(self.rng, mean, self.f["ratio"])
            windows = carrier["windows"]
            dealt = [0] * len(windows)
            for pick in self.rng.choices(range(len(windows)), [w[2] for w in windows], k=count):
                dealt[pick] += 1
            for (begin, end, _), part in zip(windows, dealt):
                if carrier["spread"]:
                    for _ in range(part):
                        self.env.process(self.visit(self.rng.uniform(begin, end), 1))
                elif part:
                    self.env.process(self.visit(self.rng.uniform(begin, end), part))

    def days(self):
        warm_up = self.f["warm_up_weeks"] * 7
        for day in range(warm_up + 52 * 7):
            self.counting = day >= warm_up
            week = (day - warm_up) // 7 % 52
            self.deliveries(self.f["season"][week], self.f["weekday"][day % 7])
            yield self.env.timeout(DAY)

    def run(self):
        self.env.process(self.days())
        self.env.run((self.f["warm_up_weeks"] + 52) * WEEK)


def main():
    figures = json.load(sys.stdin)
    figures["mu"] = math.log(figures["mean_minutes"]) - figures["sigma"] ** 2 / 2
    years, events = [], 0
    start = time.process_time()
    for year in range(figures["years"]):
        building = Building(figures, figures["seed"] * 1000 + year)
        building.run()
        events += building.events
        years.append({"offered": building.offered, "lost": building.lost, "upgraded": building.upgraded})
    json.dump({"years": years, "events": events, "seconds": time.process_time() - start}, sys.stdout)


main()
