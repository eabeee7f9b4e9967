import type { AlertChange } from '../client.ts'
import type { MinuteFigures } from './last-minute.ts'
import type { Row } from './receipts.ts'
import type { RunSnapshot } from './runs.ts'
import type { ClientSnapshot } from './snapshot.ts'

/** What the page gets with each event. Everything but `ended` is the whole current state. */
export interface Message {
  /** Identifies the opened page. It changes when the process was started again, so that the browser discards what it has. */
  readonly instance: string
  readonly name: string
  /** The clock of the process, in milliseconds since the epoch. */
  readonly now: number
  /** When the page was opened: what was before is not known. In milliseconds since the epoch. */
  readonly openedAt: number
  readonly clients: readonly ClientFacts[]
  /** The calls that ended, or whose cost became known, since the message before. */
  readonly ended: readonly Row[]
  /** The calls in flight, the oldest first, and how many there are. */
  readonly inFlight: readonly Row[]
  readonly inFlightCount: number
  readonly minute: MinuteFigures
  /** The alerts that are firing. */
  readonly alerts: readonly AlertChange[]
  /** Bulk runs, the latest first. */
  readonly runs: readonly RunSnapshot[]
  /** Whether there are calls whose content can be requested. */
  readonly hasContent: boolean
}

export interface ClientFacts {
  /** The place of the client in the list, and the host to which it sends its requests, if there are several clients. */
  readonly name: string
  readonly canExplain: boolean
  readonly snapshot: ClientSnapshot
}
