import { openPrivate } from '../../journal/private-file.ts'
import { readJsonl } from '../../jsonl/read-jsonl.ts'
import { nodeModule } from '../../node-modules.ts'
import type { RequestLines } from '../request-lines.ts'

/** A request as its line holds it. */
export interface HeldRequest {
  /** Its position in the source. */
  index: number
  id: string
  params: object
}

/**
 * The requests of each part from the source, until all of them have results. Anthropic does not return submitted requests, and those without an answer
 * are submitted again.
 */
export interface HeldRequests {
  hold(part: string, lines: RequestLines): Promise<void>
  read(part: string): AsyncIterable<HeldRequest>
  release(part: string): Promise<void>
  close(): Promise<void>
}

/** Holds requests in memory, encoded. */
export function inMemory(): HeldRequests {
  const held = new Map<string, readonly Uint8Array[]>()
  const decoder = new TextDecoder()
  return {
    hold: async (part, { pieces }) => void held.set(part, [...pieces]),
    async *read(part) {
      for (const line of held.get(part) ?? []) yield JSON.parse(decoder.decode(line)) as HeldRequest
    },
    release: async (part) => void held.delete(part),
    close: async () => held.clear(),
  }
}

/**
 * Holds requests in files beside a state file, one for each part, which only their owner may read. They need not survive a crash, since a run that is
 * continued reads the same requests from its source; it replaces those that are left.
 */
export function inFiles(statePath: string): HeldRequests {
  const parts = new Set<string>()
  const pathOf = (part: string): string => `${statePath}.requests-${part}`
  const release = async (part: string): Promise<void> => {
    const { rm } = nodeModule('node:fs/promises')
    await rm(pathOf(part), { force: true })
    parts.delete(part)
  }
  return {
    async hold(part, { pieces }) {
      parts.add(part)
      const file = await openPrivate(pathOf(part), 'w')
      try {
        for (let first = 0; first < pieces.length; first += LINES_AT_ONCE)
          await file.appendFile(Buffer.concat(pieces.slice(first, first + LINES_AT_ONCE)))
      } finally {
        await file.close()
      }
    },
    async *read(part) {
      for await (const { value } of readJsonl<HeldRequest>(pathOf(part), { maxLineBytes: Infinity }))
        yield value
    },
    release,
    async close() {
      for (const part of [...parts]) await release(part)
    },
  }
}

const LINES_AT_ONCE = 1_000
