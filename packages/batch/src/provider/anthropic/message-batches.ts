import type { BatchPart } from '../state/ledger.ts'
import { positionsIn } from '../state/rows.ts'
import type { BatchVendor, InputRequest, LineOutcome, VendorContext, VendorRun } from '../vendor.ts'
import { Creator } from './creator.ts'
import { indexIn, prefixOf } from './custom-ids.ts'
import { BatchGoneError } from './errors.ts'
import { type HeldRequests, inFiles, inMemory } from './held-requests.ts'
import { type Confirmed, OpenIntents } from './open-intents.ts'
import type { ProviderBatchSettings } from './options.ts'
import { lineOutcome, lookOf, resultLines } from './results.ts'

/** The Message Batches API of Anthropic: batches created directly from requests, without files and metadata. */
export function messageBatches(settings: ProviderBatchSettings, confirmed: Confirmed): BatchVendor {
  return {
    endpoint: '/v1/messages',
    holdsRequests: true,
    encode: ({ id, body }, index) => JSON.stringify({ index, id, params: body }),
    begin: (context) => beginRun(settings, confirmed, context),
  }
}

function beginRun(settings: ProviderBatchSettings, confirmed: Confirmed, context: VendorContext): VendorRun {
  const { client, statePath } = settings
  const { ledger, retrier } = context
  for (const name of Object.keys(confirmed)) {
    if (!ledger.get(name))
      throw new TypeError(`confirmed names part ${JSON.stringify(name)}, which the state does not have`)
  }
  const held = statePath === undefined ? inMemory() : inFiles(statePath)
  const input = (part: BatchPart) => inputOf(held, part)
  const intents = new OpenIntents(settings, ledger, confirmed)
  const creator = new Creator(settings, context, { intents, input })
  return {
    hold: ({ part }, lines) => held.hold(part, lines),
    release: ({ part }) => held.release(part),
    close: () => held.close(),
    submit: (part, options) => creator.submit(part, options),
    adopt: (part) => creator.adopt(part),
    look: async (batchId) =>
      lookOf(await client.messages.batches.retrieve(batchId, null, { signal: retrier.signal })),
    endOfGone(part) {
      if (intents.takeConfirmed(part) !== null) throw new BatchGoneError(part.batchId ?? '', part)
      return { status: 'expired', outputFileId: null, errorFileId: null, code: 'gone', answered: 0 }
    },
    cancel: (batchId) => client.messages.batches.cancel(batchId),
    async unconfirmed(ownRetrier) {
      for (const part of ledger.parts().filter(({ sending }) => sending)) {
        const settled = await intents.settle(part, ownRetrier)
        if (typeof settled === 'object') return settled.batchId
      }
      return undefined
    },
    input,
    async *results(part): AsyncGenerator<LineOutcome, void, undefined> {
      const { batchId = '', end } = part
      if (end?.code === 'gone') return
      const prefix = prefixOf(ledger, part)
      const ids = new Map<number, string>()
      for await (const { index, id } of input(part)) ids.set(index, id)
      for await (const line of resultLines(client, batchId, retrier)) {
        const id = ids.get(indexIn(line.custom_id, prefix) ?? -1)
        if (id !== undefined) yield lineOutcome(line, id, batchId)
      }
    },
  }
}

/** Yields the requests of a part: those of the part from the source that it was made from, or some of them. */
async function* inputOf(
  held: HeldRequests,
  { part, rows }: BatchPart,
): AsyncGenerator<InputRequest, void, undefined> {
  const [root = part] = part.split('.')
  const positions = rows === undefined ? undefined : positionsIn(rows)
  for await (const { index, id, params } of held.read(root)) {
    if (!positions || positions.has(index)) yield { id, body: params, index }
  }
}
