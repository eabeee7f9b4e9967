/**
 * How much of a provider's limits is used, and how much is refused: Harbor's rate limiter beside others, one after the other.
 *
 *     pnpm bench limits                  five of the provider's minutes each, in 30 s
 *     node --conditions=@harbor/source benchmarks/limits.bench.ts harbor    those whose name has this in it
 *     node --conditions=@harbor/source benchmarks/limits.bench.ts --burst   a provider that lets a whole minute through at once
 *
 * Providers may enforce a minute's limit by the second (https://platform.openai.com/docs/guides/rate-limits): hence a tenth of it at once.
 */
import { CONTENDERS } from './limits/contenders.ts'
import { run, type Scenario } from './limits/scenario.ts'

const SCENARIO: Scenario = {
  requestsPerMinute: 600,
  tokensPerMinute: 90_000,
  minutes: 5,
  faster: 10,
  burst: process.argv.includes('--burst') ? 1 : 0.1,
  workers: 200,
}

const wanted = process.argv.slice(2).find((arg) => !arg.startsWith('--')) ?? ''
const { requestsPerMinute, tokensPerMinute, minutes, faster, burst, workers } = SCENARIO
console.log(
  `${requestsPerMinute} requests and ${tokensPerMinute} tokens a minute, ${burst * 100} % of it at once, for ${minutes} minutes`,
)
console.log(`(${faster} times as fast); ${workers} callers; what an answer may have is twice what it has\n`)
console.log(
  ''.padEnd(36),
  'budget used'.padStart(12),
  'answered'.padStart(10),
  '429s'.padStart(8),
  '429s of all calls'.padStart(18),
)
for (const contender of CONTENDERS.filter(({ name }) => name.includes(wanted))) {
  const { name, used, answered, refused } = await run(SCENARIO, contender)
  const share = (100 * refused) / (answered + refused)
  console.log(
    name.padEnd(36),
    `${(100 * used).toFixed(1)} %`.padStart(12),
    String(answered).padStart(10),
    String(refused).padStart(8),
    `${share.toFixed(1)} %`.padStart(18),
  )
}
process.exit()
