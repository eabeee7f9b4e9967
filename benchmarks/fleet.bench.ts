/**
 * Four processes with one provider: how much of its limits they use, how many calls it refuses, and what the shared state costs. Also how long
 * it takes until the others have the share of a process that was killed, and how long calls take while something is wrong with Redis. Needs
 * redis-server.
 *
 *     pnpm bench fleet
 */
import { CONTENDERS, type ContenderName, type Shared } from './fleet/contenders.ts'
import { costOfFleet } from './fleet/cost.ts'
import { FLOOR } from './floor.ts'
import { latencyDuring, TROUBLE_NAMES, type Phases } from './fleet/outage.ts'
import { run, type Outcome } from './fleet/run.ts'
import { publish } from './publish.ts'
import { figures, tableOf } from './table.ts'

const quick = process.argv.includes('--quick')
const shared: Shared = { requestsPerMinute: 12_000, tokensPerMinute: 1_800_000, processes: 4 }
const calls = quick ? 500 : 2_000
const names = Object.keys(CONTENDERS) as ContenderName[]

const outcomes: Outcome[] = []
for (const name of names) outcomes.push(await run(name, shared, calls))
const killed = quick ? undefined : await run('Harbor with `fleet`', shared, calls, { kill: true })
const cost = await costOfFleet(quick ? 5 : 21, quick ? 500 : 2_000)
const troubles: Phases[] = []
for (const name of TROUBLE_NAMES) troubles.push(await latencyDuring(name, quick ? 2 : 10))

const [own] = outcomes
const of = (digits: number, value: (outcome: Outcome) => number) => figures(digits, outcomes.map(value))
const p99 = (phase: keyof Phases) =>
  figures(
    1,
    troubles.map((phases) => phases[phase].p99Ms),
  )
publish(
  'fleet',
  [
    tableOf({
      [`four processes, ${calls.toLocaleString('en')} calls each, at 12,000 requests a minute`]: names,
      '% of the limit used': of(1, ({ used }) => 100 * used),
      '429s': of(0, ({ refused }) => refused),
      failed: of(0, ({ failed }) => failed),
      'commands to Redis for each call': of(2, ({ roundTrips }) => roundTrips),
      'CPU for each call, µs': of(0, ({ cpuUs }) => cpuUs),
    }),
    tableOf({
      'a call with limits, circuit and spend limit': ['alone', 'in a fleet', FLOOR],
      'CPU, µs': figures(2, [cost.alone, cost.alone + cost.added, cost.floor]),
      'commands to Redis': figures(2, [0, cost.roundTrips, 0]),
    }),
    tableOf({
      'Redis, for 10 s, at 200 calls a second': TROUBLE_NAMES,
      'p99 before, ms': p99('before'),
      during: p99('during'),
      after: p99('after'),
      failed: figures(
        0,
        troubles.map(({ before, during, after }) => before.failed + during.failed + after.failed),
      ),
    }),
  ],
  {
    goals: [
      ...(own
        ? [
            { of: '429s with `fleet`', got: own.refused, atMost: 0, unit: '', digits: 0 },
            {
              of: 'share of the limit that a fleet uses',
              got: 100 * own.used,
              atLeast: 90,
              unit: '%',
              digits: 1,
            },
          ]
        : []),
      ...(killed?.takenOverMs === undefined
        ? []
        : [
            {
              of: 'time until the others have the share of a killed process',
              got: killed.takenOverMs,
              atMost: 2_000,
              unit: 'ms',
              digits: 0,
            },
          ]),
      {
        of: 'p99 that trouble with Redis adds to a call',
        got: Math.max(
          ...troubles.map(({ before, during, after }) => Math.max(during.p99Ms, after.p99Ms) - before.p99Ms),
        ),
        atMost: 50,
        unit: 'ms',
        digits: 1,
      },
      {
        of: 'CPU that a fleet adds to a call',
        got: cost.added,
        atMost: 15,
        unit: 'µs',
        digits: 1,
      },
      {
        of: 'commands for a call with limits, circuit and one spend limit',
        got: own?.roundTrips ?? NaN,
        atMost: 0.2,
        unit: '',
        digits: 2,
      },
      { of: 'commands for a hit of the shared cache', got: cost.perHit, atMost: 1, unit: '', digits: 2 },
      { of: 'commands for a miss of the shared cache', got: cost.perMiss, atMost: 4, unit: '', digits: 2 },
    ],
  },
)
