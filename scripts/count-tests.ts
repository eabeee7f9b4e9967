/** Prints how the tests of the last run ended, counted from their reports; exits 1 unless all passed and some ran. */
import { countLine, countTests } from './src/test-count.ts'
import { members } from './src/workspace.ts'

const count = countTests(members())
for (const problem of count.problems) console.error(problem)
console.log(countLine(count))
process.exitCode = count.failed > 0 ? 1 : 0
