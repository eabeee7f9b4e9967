import type { EmbeddingModelV4, EmbeddingModelV4CallOptions, EmbeddingModelV4Result } from '@ai-sdk/provider'
import { callOf } from '../fallback-model/call-of.ts'
import { CallFailed, CallRunner } from '../fallback-model/call-runner.ts'
import { checkEmbeddingOptions, checkModels } from '../fallback-model/check-options.ts'
import { MalformedAnswerError } from '../fallback-model/errors.ts'
import { ofEach } from '../fallback-model/of-each.ts'
import type { CommonOptions } from '../fallback-model/options.ts'
import { withHeaders } from '../fallback-model/target-caller.ts'
import { statsOf, type ModelStats } from '../fallback-model/stats.ts'
import { attachReceipt, HARBOR } from '../receipts/receipt-of.ts'
import { usageOf } from '../receipts/usage-of.ts'
import { KnownDimensions } from './known-dimensions.ts'
import { asEmbeddingModelV4, type AnyEmbeddingModel } from './as-embedding-model-v4.ts'

/** The options of `createFallbackEmbeddingModel`, without `models`. */
export interface FallbackEmbeddingModelOptions extends CommonOptions {
  /**
   * The maximum time of one attempt, in milliseconds, at least 1. An attempt that takes longer fails. @default the time left of `totalMs`; half of it
   * while another target can take over
   */
  attemptMs?: number | undefined
  /**
   * Allows models with different ids. Set it only if they are the same model under other names, such as deployments of Azure. Vectors of different
   * models cannot be compared, and would make a search return wrong results. @default false
   */
  sameVectors?: boolean | undefined
}

/** An embedding model of the AI SDK that sends each call to one of several models. Returned by `createFallbackEmbeddingModel`. */
export interface FallbackEmbeddingModel extends EmbeddingModelV4 {
  /** Returns statistics of the model and of its targets, in the order of `models`. */
  stats(): ModelStats
  /** Refuses further calls with a ModelClosedError. Calls in flight continue. Can be called more than once. */
  close(): void
}

/**
 * Creates an embedding model that sends each call to the first available one of several models, and if it fails, to the next. The models
 * must be the same model, at several providers or with several keys.
 *
 * @param options.models embedding models of the AI SDK, of version 2, 3 or 4 of the model specification
 * @throws TypeError for an option that does not exist or has a wrong value, for a model that is a string, and for models with different ids
 * unless `sameVectors` is true
 */
export function createFallbackEmbeddingModel({
  models,
  sameVectors = false,
  ...options
}: FallbackEmbeddingModelOptions & {
  readonly models: readonly AnyEmbeddingModel[]
}): FallbackEmbeddingModel {
  checkModels(models)
  checkEmbeddingOptions({ ...options, ...{ sameVectors } })
  const all = models.map((model, index) => asEmbeddingModelV4(model, `models[${index}]`))
  const modelId = all[0]?.modelId ?? ''
  if (!sameVectors && all.some((model) => model.modelId !== modelId)) {
    throw new TypeError(
      'The models must have the same id, since vectors of different models cannot be compared. For one model under several names, set sameVectors: true.',
    )
  }
  const runner = new CallRunner(all, options, options.attemptMs)
  const dimensions = new KnownDimensions()

  async function doEmbed(given: EmbeddingModelV4CallOptions): Promise<EmbeddingModelV4Result> {
    const { options: sent, harbor } = callOf(given)
    try {
      const { value, attempt, receipt } = await runner.run(
        { operation: 'embeddings', streaming: false, signal: sent.abortSignal, labels: harbor.labels },
        ({ model, name }) => ({
          async send({ signal }, headers) {
            const result = await model.doEmbed({ ...withHeaders(sent, headers), abortSignal: signal })
            checkVectors(result, sent, name)
            // A provider may ignore the option. Another target may not.
            if (all.length > 1) checkRequested(result, sent, name)
            // The provider's own options can change the number of dimensions, too.
            if (sent.providerOptions === undefined)
              dimensions.check(sent.dimensions, result.embeddings[0]?.length, name, runner.placeOf(name))
            return result
          },
        }),
      )
      attempt.succeed()
      if (value.usage) receipt.usage = usageOf({ inputTokens: { total: value.usage.tokens } })
      const closed = runner.end(receipt, 'success')
      // A new object, because a model may return the same one twice.
      const response = { ...value.response }
      attachReceipt(response, closed)
      const metadata = closed as unknown as Record<string, never>
      return { ...value, response, providerMetadata: { ...value.providerMetadata, [HARBOR]: metadata } }
    } catch (failed) {
      if (!(failed instanceof CallFailed)) throw failed
      runner.end(failed.receipt, sent.abortSignal?.aborted ? 'aborted' : 'failure', failed.error)
      throw failed.error
    }
  }

  return {
    specificationVersion: 'v4',
    provider: 'harbor',
    modelId,
    get maxEmbeddingsPerCall() {
      return smallest(all)
    },
    get supportsParallelCalls() {
      return areParallel(all)
    },
    doEmbed,
    stats: () => statsOf(runner),
    close: () => runner.close(),
  }
}

/** Checks that an answer has one vector for each value. @throws MalformedAnswerError when it has not */
function checkVectors(
  result: EmbeddingModelV4Result | null | undefined,
  { values }: EmbeddingModelV4CallOptions,
  name: string,
): void {
  const embeddings: unknown = result?.embeddings
  if (!isList(embeddings)) throw new MalformedAnswerError(name, 'no list of vectors')
  if (embeddings.length !== values.length)
    throw new MalformedAnswerError(name, `${embeddings.length} vectors for ${values.length} values`)
  const [first] = embeddings
  const length = isVector(first) ? first.length : 0
  if (embeddings.some((vector) => !isVector(vector) || vector.length !== length || length === 0))
    throw new MalformedAnswerError(name, 'vectors of different dimensions, or of none')
}

type Vector = readonly number[] | Float32Array | Float64Array

/** Whether a value is a vector of finite numbers. A search with any other vector returns wrong results. */
function isVector(value: unknown): value is Vector {
  if (value instanceof Float32Array || value instanceof Float64Array) return value.every(Number.isFinite)
  return isList(value) && value.every(Number.isFinite)
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function checkRequested(
  { embeddings: [first] }: EmbeddingModelV4Result,
  { dimensions }: EmbeddingModelV4CallOptions,
  name: string,
): void {
  if (first && dimensions !== undefined && first.length !== dimensions)
    throw new MalformedAnswerError(name, `${first.length} dimensions instead of the requested ${dimensions}`)
}

async function smallest(models: readonly EmbeddingModelV4[]): Promise<number | undefined> {
  const min = Math.min(...(await ofEach(models, (model) => model.maxEmbeddingsPerCall, Infinity)))
  return min === Infinity ? undefined : min
}

async function areParallel(models: readonly EmbeddingModelV4[]): Promise<boolean> {
  return (await ofEach(models, (model) => model.supportsParallelCalls, false)).every(Boolean)
}
