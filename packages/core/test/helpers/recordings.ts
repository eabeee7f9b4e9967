import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FaultOf } from '@harbor/simulator'
import type { Api } from './three-clients.ts'

/**
 * Recorded answers of eight real providers. The recordings are not part of the repository; without them these lists are
 * empty.
 */
const FOLDER = process.env['HARBOR_RECORDINGS'] ?? fromRoot('../shared/recordings')
const APIS = ['chat', 'responses'] as const
export const found = existsSync(FOLDER)
if (!found)
  console.warn(`There are no recordings in ${FOLDER} (HARBOR_RECORDINGS), so their tests are skipped.`)

export const STREAMS = found ? APIS.flatMap(streamsOf) : []
export const COMPLETE = STREAMS.filter(({ isError }) => !isError)
export const ANSWERS = found ? APIS.flatMap(answersOf) : []

interface Recording {
  readonly name: string
  readonly api: Api
  readonly isError: boolean
}
export interface StreamRecording extends Recording {
  /** The data of each event, as it was sent. */
  readonly lines: readonly string[]
  readonly sent: readonly unknown[]
  /** As the bare SDK gives them: it fills in a `finish_reason` that is missing, and changes nothing else. */
  readonly chunks: readonly unknown[]
}
export interface AnswerRecording extends Recording {
  readonly body: string
}

/** The recording as a provider sends it. */
export function played({ api, lines }: StreamRecording): FaultOf<'play'> {
  return { type: 'play', events: lines, named: api === 'responses' }
}

function streamsOf(api: Api): StreamRecording[] {
  return filesOf(api, '.chunks.txt').map(([name, text]) => {
    const lines = text.split('\n').filter((line) => line !== '')
    const sent = lines.map((line) => JSON.parse(line) as unknown)
    return {
      name,
      api,
      lines,
      sent,
      chunks: api === 'chat' ? sent.map(asTheSdkGives) : sent,
      isError: isError(name),
    }
  })
}

function asTheSdkGives(chunk: unknown): unknown {
  const { choices } = chunk as { choices: readonly { finish_reason?: string | null }[] }
  return {
    ...(chunk as object),
    choices: choices.map((choice) => ({ ...choice, finish_reason: choice.finish_reason ?? null })),
  }
}

function answersOf(api: Api): AnswerRecording[] {
  return filesOf(api, '.json').map(([name, body]) => ({ name, api, body, isError: isError(name) }))
}

/** The names and texts of the recordings with this ending in one folder. */
export function filesOf(folderName: string, ending: string): (readonly [name: string, text: string])[] {
  const folder = path.join(FOLDER, folderName)
  const files = readdirSync(folder).filter((file) => file.endsWith(ending))
  return files.map((file) => [file.slice(0, -ending.length), readFileSync(path.join(folder, file), 'utf8')])
}

function isError(name: string): boolean {
  return name.includes('error')
}

function fromRoot(relative: string): string {
  return path.join(fileURLToPath(new URL('../../../../', import.meta.url)), relative)
}
