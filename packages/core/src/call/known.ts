import type { TokenUsage } from '../reporting/receipt.ts'
import type { Plan } from '../targets/routes.ts'

/** What several layers need to know of a request, and is worked out once, when it is first asked for. */
export class Known {
  plan: Plan | undefined
  estimate: TokenUsage | undefined
}
