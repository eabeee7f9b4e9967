import { MAX_READS } from '../collector.ts'
import { IncompleteInputError } from '../errors.ts'
import type { BatchPart } from '../state/ledger.ts'
import type { BatchLook, BatchVendor, EndFacts, InputRequest, LineOutcome, VendorRun } from '../vendor.ts'
import type { VendorContext } from '../vendor.ts'
import { countedIn, endOf, fileIdOf, lacksFiles } from './batch-end.ts'
import type { ProviderBatchSettings } from './options.ts'
import { fileLines, lineOutcome } from './remote-files.ts'
import { Submitter } from './submitter.ts'

/** The Batch API of OpenAI: files of requests, and batches made from them. The provider stores the requests, and they are read back from it. */
export function openaiBatches(settings: ProviderBatchSettings): BatchVendor {
  const { client, endpoint } = settings
  return {
    endpoint,
    holdsRequests: false,
    encode: ({ id, body }) => JSON.stringify({ custom_id: id, method: 'POST', url: endpoint, body }),
    begin(context) {
      const submitter = new Submitter(settings, context.ledger, context.retrier)
      return {
        hold: nothing,
        release: nothing,
        close: nothing,
        submit: async (part, options) => ({ batchId: await submitter.submit(part, options) }),
        look: (batchId) => look(settings, batchId, context),
        endOfGone: () => GONE,
        cancel: (batchId) => client.batches.cancel(batchId),
        unconfirmed: (retrier) => submitter.unconfirmed(retrier),
        async adopt(part) {
          const batchId = await submitter.adopt(part)
          return batchId === undefined ? undefined : { batchId }
        },
        input: (part) => inputOf(settings, part, context),
        results: (part, isDone) => resultsOf(settings, part, context, isDone),
      } satisfies VendorRun
    },
  }
}

const nothing = async (): Promise<void> => undefined

/** A batch that is gone is treated as expired, with no request answered. */
const GONE: EndFacts = { status: 'expired', outputFileId: null, errorFileId: null, code: null, answered: 0 }

async function look(
  { client }: ProviderBatchSettings,
  batchId: string,
  { retrier: { signal } }: VendorContext,
): Promise<BatchLook> {
  const batch = await client.batches.retrieve(batchId, { signal })
  const end = endOf(batch, Date.now())
  return {
    status: batch.status,
    isValidating: batch.status === 'validating',
    end: end && {
      status: end,
      outputFileId: fileIdOf(batch.output_file_id),
      errorFileId: fileIdOf(batch.error_file_id),
      code: batch.errors?.data?.[0]?.code ?? null,
      answered: countedIn(batch),
    },
    lacksResults: end !== undefined && lacksFiles(batch, end),
  }
}

async function* resultsOf(
  { client }: ProviderBatchSettings,
  { end, batchId = '' }: BatchPart,
  { retrier }: VendorContext,
  isDone: () => boolean,
): AsyncGenerator<LineOutcome, void, undefined> {
  for (const fileId of [fileIdOf(end?.outputFileId), fileIdOf(end?.errorFileId)]) {
    // The error file is not needed when all requests are answered.
    if (fileId === null || isDone()) continue
    for await (const line of fileLines(client, fileId, retrier)) {
      const outcome = lineOutcome(line, batchId)
      if (outcome) yield outcome
    }
  }
}

interface InputLine {
  custom_id: string
  body: object
}

/**
 * Yields the requests of a part. Reads them from the uploaded file, so that they need not be in memory.
 *
 * @throws IncompleteInputError if the provider does not return all of them
 */
async function* inputOf(
  { client, pollMs }: ProviderBatchSettings,
  { fileId = '', count }: BatchPart,
  { retrier }: VendorContext,
): AsyncGenerator<InputRequest, void, undefined> {
  const seen = new Set<string>()
  for (let reads = 1; seen.size < count; reads++) {
    for await (const line of fileLines<Partial<InputLine>>(client, fileId, retrier)) {
      const { custom_id: id, body } = line
      if (typeof id !== 'string' || typeof body !== 'object' || seen.has(id)) continue
      yield { id, body, index: seen.size }
      seen.add(id)
    }
    if (seen.size >= count) return
    if (reads >= MAX_READS) throw new IncompleteInputError(fileId, seen.size, count)
    await retrier.wait(pollMs)
  }
}
