import { startSimulator, type SimulatorOptions } from './simulator.ts'
import type { RecordOptions } from './traffic/record-options.ts'
import { recordTraffic } from './traffic/record.ts'
import { replayTraffic, type ReplayOptions } from './traffic/replay.ts'

/** What the command has started: simulated providers, a recorder or a replay. */
export interface Running {
  /** Lines for the user with the base URLs for the SDKs. */
  readonly greeting: readonly string[]
  /** Returns lines for the user that sum up what happened so far. */
  summary(): string[]
  close(): Promise<void>
}

/** Starts the providers of a script. */
export async function startScript(options: SimulatorOptions): Promise<Running> {
  const simulator = await startSimulator(options)
  const providers = [...simulator.providers.values()]
  const width = Math.max(...providers.map(({ name }) => name.length))
  return {
    greeting: providers.flatMap(({ name, url }) =>
      baseURLs(url).map((line, index) => `${(index === 0 ? name : '').padEnd(width)}  ${line}`),
    ),
    summary: () =>
      providers.map((provider) => {
        const { calls, aborts } = provider.counts()
        return `${provider.name.padEnd(width)}  ${calls} calls, ${aborts} aborted by the client`
      }),
    close: () => simulator.close(),
  }
}

/** Starts a proxy that records the requests to a real provider and its answers. */
export async function startRecorder(options: RecordOptions): Promise<Running> {
  const recorder = await recordTraffic(options)
  return {
    greeting: [`recording ${options.upstream} to ${options.to}`, `base URL  ${recorder.baseURL}`],
    summary: () => {
      const { recorded, unfinished, failed } = recorder.counts()
      return [`${recorded} recorded, ${unfinished} unfinished, ${failed} not stored`]
    },
    close: () => recorder.close(),
  }
}

/** Starts a server that answers requests with the recordings of a file. */
export async function startReplay(options: ReplayOptions): Promise<Running> {
  const replay = await replayTraffic(options)
  const total = replay.unused().length
  return {
    greeting: [`playing ${total} recordings of ${options.from}`, ...baseURLs(replay.url)],
    summary: () => {
      const unmatched = replay.unmatched()
      const played = `${total - replay.unused().length} of ${total} recordings played`
      return [`${played}, ${unmatched.length} requests without one`, ...new Set(unmatched)]
    },
    close: () => replay.close(),
  }
}

/** Returns a line with the base URL for each SDK. OpenAI's SDK needs a base URL with `/v1`, the others one without. */
function baseURLs(url: string): string[] {
  return [`OpenAI     ${url}/v1`, `Anthropic  ${url}`, `Gemini     ${url}`]
}
