import type { BulkRoute } from './bulk-plan.ts'
import { RouteLogError } from './route-log-error.ts'

/** One step of a run, as the log stores it. Each is stored before it is carried out, so that a process that dies leaves nothing unknown. */
export type RouteRecord =
  | {
      /** The step `run`: the run begins. It is the first record. */
      readonly type: 'run'
      readonly version: 1
      /** When the run began, and when it has to be done, in milliseconds since 1970. A resumed run keeps both. */
      readonly startedAt: number
      readonly deadlineAt: number
    }
  | {
      /** The step `wave`: these requests are about to be submitted to the Batch API, in this order. */
      readonly type: 'wave'
      readonly wave: number
      readonly endpoint: string
      readonly model: string
      readonly ids: readonly string[]
    }
  | {
      /** The step `wave-ended`: all results of the wave were read. `usd` is what they cost. */
      readonly type: 'wave-ended'
      readonly wave: number
      readonly usd: number
    }
  | {
      /** The step `sent`: a request of a call is about to be sent, and may cost this much. */
      readonly type: 'sent'
      readonly id: string
      readonly route: BulkRoute
      readonly usd: number
    }
  | {
      /** The step `settled`: all requests of the call that were sent have cost this much. */
      readonly type: 'settled'
      readonly id: string
      readonly usd: number
    }
  | {
      /** The step `window`: the provider works on the request in the background, under this id. It may cost `usd`. */
      readonly type: 'window'
      readonly id: string
      readonly route: BulkRoute
      readonly responseId: string
      readonly usd: number
    }

/** A wave of requests that an earlier process has submitted, or was about to. */
export type LoggedWave = Extract<RouteRecord, { type: 'wave' }>
export type LoggedWindow = Extract<RouteRecord, { type: 'window' }>

/** What the steps of earlier processes add up to. */
export class RouteHistory {
  startedAt: number | undefined
  deadlineAt: number | undefined
  readonly waves: LoggedWave[] = []
  /** What each wave that ended has cost, in US dollars. */
  readonly endedWaves = new Map<number, number>()
  /** The responses in the background that were not settled, by the id of their request. */
  readonly windows = new Map<string, LoggedWindow>()
  readonly #open = new Map<string, number>()
  #settledUsd = 0

  /**
   * What the calls of earlier processes have cost, in US dollars. A call that was in flight when its process died counts at its highest possible cost.
   * Batches are not in it.
   */
  get spentUsd(): number {
    let usd = this.#settledUsd
    for (const openUsd of this.#open.values()) usd += openUsd
    return usd
  }

  apply(record: RouteRecord): void {
    if (record.type === 'run') ({ startedAt: this.startedAt, deadlineAt: this.deadlineAt } = record)
    else if (record.type === 'wave') this.waves.push(record)
    else if (record.type === 'wave-ended') this.endedWaves.set(record.wave, record.usd)
    else if (record.type === 'window') {
      // The amount takes the place of that of the request that created the response.
      this.#open.set(record.id, record.usd)
      this.windows.set(record.id, record)
    } else if (record.type === 'sent')
      this.#open.set(record.id, (this.#open.get(record.id) ?? 0) + record.usd)
    else {
      this.#open.delete(record.id)
      this.windows.delete(record.id)
      this.#settledUsd += record.usd
    }
  }
}

/** Where the steps of a run are stored. */
export interface RouteLog {
  /** Stores a step. When it returns, the step survives the end of the process. */
  append(record: RouteRecord): void
  close(): void
}

/** A log for a run without a journal, which no other process will continue. */
export const NO_LOG: RouteLog = { append: () => undefined, close: () => undefined }

/**
 * Opens the log beside a journal, which is locked already, and so protects this file as well. Each step is written with one system call before it
 * returns, so it survives `kill -9`. Waves, which cost most, are also forced to the disk.
 *
 * @throws RouteLogError for a file of another kind; the error of the file system if it cannot be read or written
 */
export function openRouteLog(path: string): { log: RouteLog; history: RouteHistory } {
  const fs = process.getBuiltinModule('node:fs')
  const history = readHistory(path)
  const file = fs.openSync(path, 'a+', 0o600)
  const last = fs.readFileSync(path).lastIndexOf(0x0a)
  fs.ftruncateSync(file, last + 1)
  let isOpen = true
  return {
    history,
    log: {
      append(record) {
        // A call that was in flight when the run was aborted may end later. Its open step counts at its highest cost.
        if (!isOpen) return
        fs.writeSync(file, `${JSON.stringify(record)}\n`)
        if (record.type !== 'sent' && record.type !== 'settled') fs.fdatasyncSync(file)
      },
      close() {
        if (isOpen) fs.closeSync(file)
        isOpen = false
      },
    },
  }
}

/** Reads a log. An incomplete last line is left out: its step was not carried out. @throws RouteLogError for a file of another kind */
export function readHistory(path: string): RouteHistory {
  const fs = process.getBuiltinModule('node:fs')
  const history = new RouteHistory()
  if (!fs.existsSync(path)) return history
  const text = fs.readFileSync(path)
  const end = text.lastIndexOf(0x0a) + 1
  try {
    for (const line of text.toString('utf8', 0, end).split('\n')) {
      if (line !== '') history.apply(JSON.parse(line) as RouteRecord)
    }
  } catch {
    throw new RouteLogError(path)
  }
  if (end > 0 && history.startedAt === undefined) throw new RouteLogError(path)
  return history
}
