import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'
import { createRetry } from '@harbor/retry'
import { hasContent } from '../answer-shape.ts'
import { asModelV4, type AnyLanguageModel } from '../as-model-v4.ts'
import { HARBOR } from '../receipts/receipt-of.ts'
import type { ModelReceipt } from '../receipts/receipt.ts'
import { callOf } from './call-of.ts'
import { CallFailed, CallRunner, type Call } from './call-runner.ts'
import { checkLanguageOptions, checkModels } from './check-options.ts'
import { MalformedAnswerError } from './errors.ts'
import { guardStream } from './guarded-stream.ts'
import { holdStream } from './held-stream.ts'
import { answerOf, streamOf } from './last-resort.ts'
import { ofEach } from './of-each.ts'
import type { FallbackModelOptions, Labels } from './options.ts'
import { conversationKeys, keysOfPart, RememberedTargets } from './remembered-targets.ts'
import { statsOf, type ModelStats } from './stats.ts'
import { isEmpty, isIncomplete } from './stream-parts.ts'
import { TargetPrompts } from './target-prompts.ts'
import type { Target } from './targets.ts'

const DEFAULT_IDLE_MS = 120_000
/** Ends the last resort with the call: when its time is over, or the caller aborts it. */
const ONCE = /* @__PURE__ */ createRetry({ maxAttempts: 1 })

/** A language model of the AI SDK that sends each call to one of several models. Returned by `createFallbackModel`. */
export interface FallbackModel extends LanguageModelV4 {
  /** Returns statistics of the model and of its targets, in the order of `models`. */
  stats(): ModelStats
  /** Refuses further calls with a ModelClosedError. Calls in flight continue. Can be called more than once. */
  close(): void
}

/**
 * Creates a language model that sends each call to one of several models: to the first one that is available, and if it fails, to the next.
 * With retries, circuit breakers, cooldowns, timeouts and hedging. Pass it to `generateText`, `streamText` or an agent like any other model,
 * with `maxRetries: 0`, because it makes the retries itself.
 *
 * @param options.models language models of the AI SDK, of version 2, 3 or 4 of the model specification
 * @throws TypeError for an option that does not exist or has a wrong value, and for a model that is a string
 */
export function createFallbackModel({
  models,
  ...options
}: FallbackModelOptions & { readonly models: readonly AnyLanguageModel[] }): FallbackModel {
  checkModels(models)
  checkLanguageOptions(options)
  const all = models.map((model, index) => asModelV4(model, `models[${index}]`))
  const { timeouts: { attemptMs, firstTokenMs, idleMs = DEFAULT_IDLE_MS } = {}, lastResort } = options
  const runner = new CallRunner(all, options, attemptMs)
  const remembered = new RememberedTargets()
  const prompts = new TargetPrompts(runner.targets, remembered)
  const [first] = all

  /** Ends a failed call: with the last resort, if there is one that applies, or with the error. */
  async function giveUp<T>(
    failed: unknown,
    signal: AbortSignal | undefined,
    substitute: (text: string, end: () => ModelReceipt) => T,
  ): Promise<T> {
    if (!(failed instanceof CallFailed)) throw failed
    const { failures, receipt } = failed
    let { error } = failed
    if (lastResort && failures && !signal?.aborted) {
      try {
        const text = await ONCE.run(async () => lastResort(failures), {
          signal,
          deadlineMs: runner.leftMs(receipt),
        })
        if (typeof text === 'string') {
          receipt.target = 'last resort'
          receipt.degraded = true
          return substitute(text, () => runner.end(receipt, 'success'))
        }
      } catch (thrown) {
        error = thrown
      }
    }
    runner.end(receipt, signal?.aborted ? 'aborted' : 'failure', error)
    throw error
  }

  const callFor = (
    { prompt, abortSignal: signal }: LanguageModelV4CallOptions,
    labels: Labels | undefined,
    keys: readonly string[],
    streaming: boolean,
  ): Call => ({
    operation: 'chat',
    streaming,
    signal,
    labels,
    first: remembered.find(keys),
    unable: prompts.unable(prompt),
  })

  async function doGenerate(given: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    const { options: sent, harbor } = callOf(given)
    const keys = conversationKeys(sent.prompt, harbor.session)
    const call = callFor(sent, harbor.labels, keys, false)
    try {
      const { value, target, attempt, receipt } = await runner.run(call, (candidate) =>
        prompts.requestFor(sent, candidate, (adapted) => generate(candidate, adapted)),
      )
      attempt.succeed()
      receipt.note(value)
      remembered.remember(
        [...sessionKeys(keys, harbor.session), ...value.content.flatMap(keysOfPart)],
        target.name,
      )
      return withReceipt(value, runner.end(receipt, 'success'))
    } catch (failed) {
      return await giveUp(failed, sent.abortSignal, (text, end) => withReceipt(answerOf(text), end()))
    }
  }

  async function doStream(given: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    const { options: sent, harbor } = callOf(given)
    const keys = conversationKeys(sent.prompt, harbor.session)
    const call = callFor(sent, harbor.labels, keys, true)
    try {
      const { value, target, attempt, receipt } = await runner.run(call, (candidate) =>
        prompts.requestFor(sent, candidate, (adapted, attempt) =>
          holdStream(candidate.model.doStream(adapted), attempt, candidate.name, firstTokenMs),
        ),
      )
      receipt.firstContentMs = receipt.elapsedMs
      const ownKeys = sessionKeys(keys, harbor.session)
      const onPart = (part: LanguageModelV4StreamPart): void => {
        if (part.type === 'finish') {
          receipt.note(part)
          remembered.remember(ownKeys, target.name)
        } else if (!('delta' in part)) remembered.remember(keysOfPart(part), target.name)
      }
      const stream = guardStream(value, attempt, target.name, idleMs, onPart, (outcome, error) =>
        runner.end(receipt, outcome, error),
      )
      return { ...value.result, stream }
    } catch (failed) {
      return await giveUp(failed, sent.abortSignal, (text, end) => ({ stream: streamOf(text, end) }))
    }
  }

  return {
    specificationVersion: 'v4',
    provider: 'harbor',
    modelId: all.length === 1 ? (first?.modelId ?? '') : all.map(({ modelId }) => modelId).join(','),
    get supportedUrls() {
      return urlsOfAll(all)
    },
    doGenerate,
    doStream,
    stats: () => statsOf(runner),
    close() {
      runner.close()
      remembered.clear()
    },
  }
}

async function generate(
  { model, name }: Target<LanguageModelV4>,
  options: LanguageModelV4CallOptions,
): Promise<LanguageModelV4GenerateResult> {
  const result: Received = await model.doGenerate(options)
  if (
    !hasContent(result) ||
    (isIncomplete(result.finishReason) &&
      (isEmpty(result.content) || result.finishReason?.unified !== 'other'))
  )
    throw new MalformedAnswerError(name, 'no complete content')
  return result as LanguageModelV4GenerateResult
}

/** What a model resolves to, which need not have a reason for its end. */
type Received = Omit<LanguageModelV4GenerateResult, 'finishReason'> &
  Partial<Pick<LanguageModelV4GenerateResult, 'finishReason'>>

const sessionKeys = (keys: readonly string[], session: string | undefined): readonly string[] =>
  session === undefined ? [] : keys.slice(-1)

function withReceipt(
  result: LanguageModelV4GenerateResult,
  receipt: ModelReceipt,
): LanguageModelV4GenerateResult {
  const harbor = receipt as unknown as Record<string, never>
  return { ...result, providerMetadata: { ...result.providerMetadata, [HARBOR]: harbor } }
}

type Urls = Record<string, RegExp[]>

/**
 * Returns the URLs that all models support, by media type. The AI SDK downloads a file with any other URL, so that each model can read it.
 * A pattern is kept if every model has the same one: whether two different patterns overlap cannot be decided in general.
 */
async function urlsOfAll(models: readonly LanguageModelV4[]): Promise<Urls> {
  const [first = {}, ...others] = await ofEach(models, (model) => model.supportedUrls, {})
  const common: Urls = {}
  for (const [type, patterns] of Object.entries(first)) {
    const shared = patterns.filter((pattern) => others.every((urls) => supports(urls, type, pattern)))
    if (shared.length > 0) common[type] = shared
  }
  return common
}

/** Whether a pattern stands under the media type itself, or under a wildcard that includes it, such as `image/*`. */
function supports(urls: Urls, type: string, pattern: RegExp): boolean {
  const [kind = ''] = type.split('/')
  return [type, `${kind}/*`, '*/*', '*'].some((key) =>
    urls[key]?.some((other) => other.source === pattern.source && other.flags === pattern.flags),
  )
}
