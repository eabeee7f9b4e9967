import type { PromptTarget } from './prompt-target.ts'
import type { ForeignCall } from './provider-tools.ts'
import type { Tally } from './tally.ts'
import type { ToolCallIds } from './tool-call-ids.ts'

/** What one run over a prompt knows and counts. */
export interface Adaptation {
  readonly target: PromptTarget
  readonly ids: ToolCallIds
  /** The calls that other vendors executed, by tool call id. Absent: the prompt has none. */
  readonly foreignCalls: ReadonlyMap<string, ForeignCall> | undefined
  readonly tally: Tally
}
