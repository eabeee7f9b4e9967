import type {
  LanguageModelV2,
  LanguageModelV2FinishReason,
  LanguageModelV2StreamPart,
  LanguageModelV2Usage,
  LanguageModelV3,
  LanguageModelV3StreamPart,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
  SharedV4Warning,
} from '@ai-sdk/provider'
import { hasContent, hasStream } from './answer-shape.ts'
import { isRecord } from './json.ts'
import { olderCall } from './older-call.ts'

/** A language model of the AI SDK, in any version of the specification that the current `ai` package accepts. */
export type AnyLanguageModel = LanguageModelV4 | LanguageModelV3 | LanguageModelV2

/**
 * Returns a model with version 4 of the model specification. A model of version 4 is returned unchanged; one of version 3 or 2 is wrapped.
 * @param where what contains the model, for the message of the error, such as `models[0]`
 * @throws TypeError when it is not a language model of version 2, 3 or 4, such as a model id
 */
export function asModelV4(model: AnyLanguageModel, where: string): LanguageModelV4 {
  const given: unknown = model
  if (typeof given === 'string') {
    throw new TypeError(
      `${where} must be a language model, got a model id. For the AI Gateway, pass gateway(id), with gateway from ai.`,
    )
  }
  if (typeof given !== 'object' || given === null || !('specificationVersion' in given))
    throw new TypeError(`${where} must be a language model of the AI SDK, such as openai('gpt-5').`)
  switch (model.specificationVersion) {
    case 'v4':
      return model
    case 'v3':
      return wrapped(model, contentOfV3, partOfV3)
    case 'v2':
      return wrapped(model, contentOfV3, partOfV2)
    default:
      throw new TypeError(
        `${where} must have version 2, 3 or 4 of the AI SDK's model specification, got ${String(given.specificationVersion).slice(0, 20)}.`,
      )
  }
}

type OlderResult = Awaited<ReturnType<LanguageModelV3['doGenerate'] | LanguageModelV2['doGenerate']>>
type OlderPart = LanguageModelV3StreamPart | LanguageModelV2StreamPart

function wrapped(
  model: LanguageModelV3 | LanguageModelV2,
  contentOf: (content: OlderResult['content'][number]) => LanguageModelV4Content,
  read: (part: OlderPart) => LanguageModelV4StreamPart,
): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: model.provider,
    modelId: model.modelId,
    get supportedUrls() {
      return model.supportedUrls
    },
    async doGenerate(options) {
      const result: OlderResult = await model.doGenerate(
        olderCall(options, model.specificationVersion) as never,
      )
      // What is no answer is refused where it is used, as that of a model of version 4 is.
      if (!hasContent(result)) return result as never
      return {
        ...(result as object),
        content: result.content.map(contentOf),
        finishReason: finishReasonOf(result.finishReason),
        usage: usageOf(result.usage),
        warnings: [...warningsOf(result.warnings), ...lostIn(options, model.specificationVersion)],
      }
    },
    async doStream(options) {
      const result = await model.doStream(olderCall(options, model.specificationVersion) as never)
      if (!hasStream(result)) return result as never
      let lost = lostIn(options, model.specificationVersion)
      const reader = new TransformStream<OlderPart, LanguageModelV4StreamPart>({
        transform(part, controller) {
          const current = isRecord(part) ? read(part) : undefined
          if (current?.type === 'stream-start')
            controller.enqueue({
              ...current,
              warnings: [...warningsOf(current.warnings as readonly OlderWarning[]), ...lost],
            })
          else {
            // Without a first part of the model's own, nothing else could report what was lost.
            if (lost.length > 0) controller.enqueue({ type: 'stream-start', warnings: lost })
            // What is no part is refused by the reader.
            controller.enqueue(current as LanguageModelV4StreamPart)
          }
          lost = []
        },
      })
      return { ...result, stream: (result.stream as ReadableStream<OlderPart>).pipeThrough(reader) }
    },
  }
}

/** Returns warnings about the options that an older specification does not have. */
function lostIn(
  { reasoning, tools = [] }: LanguageModelV4CallOptions,
  version: 'v3' | 'v2',
): SharedV4Warning[] {
  const isStrict = tools.some((tool) => tool.type === 'function' && tool.strict === true)
  const lost = [
    ...(reasoning === undefined || reasoning === 'provider-default' ? [] : ['reasoning']),
    ...(version === 'v2' && isStrict ? ['strict'] : []),
  ]
  const details = 'The model has an older version, without this option.'
  return lost.map((feature) => ({ type: 'unsupported', feature, details }))
}

function contentOfV3(content: OlderResult['content'][number]): LanguageModelV4Content {
  return content.type === 'file'
    ? { ...content, data: { type: 'data', data: content.data } }
    : (content as LanguageModelV4Content)
}

function partOfV3(part: OlderPart): LanguageModelV4StreamPart {
  return part.type === 'file'
    ? { ...part, data: { type: 'data', data: part.data } }
    : (part as LanguageModelV4StreamPart)
}

function partOfV2(part: OlderPart): LanguageModelV4StreamPart {
  switch (part.type) {
    case 'finish':
      return { ...part, finishReason: finishReasonOf(part.finishReason), usage: usageOf(part.usage) }
    default:
      return partOfV3(part)
  }
}

function finishReasonOf(
  reason: LanguageModelV2FinishReason | LanguageModelV4FinishReason,
): LanguageModelV4FinishReason {
  if (typeof reason !== 'string') return reason
  // `unknown` is also what a stream that was cut off ends with; `other` is a reason that the provider gave.
  if (reason === 'unknown') return { unified: 'other', raw: undefined }
  return { unified: reason, raw: reason === 'other' ? reason : undefined }
}

function usageOf(
  usage: LanguageModelV2Usage | LanguageModelV4Usage | null | undefined,
): LanguageModelV4Usage {
  if (typeof usage?.inputTokens === 'object') return usage as LanguageModelV4Usage
  const { inputTokens, outputTokens, totalTokens, reasoningTokens, cachedInputTokens } = (usage ??
    NO_USAGE) as LanguageModelV2Usage
  return {
    inputTokens: {
      total: inputTokens,
      noCache: undefined,
      cacheRead: cachedInputTokens,
      cacheWrite: undefined,
    },
    outputTokens: { total: outputTokens, text: undefined, reasoning: reasoningTokens },
    ...(totalTokens !== undefined && { raw: { totalTokens } }),
  }
}

const NO_USAGE: LanguageModelV2Usage = {
  inputTokens: undefined,
  outputTokens: undefined,
  totalTokens: undefined,
}

type OlderWarning = OlderResult['warnings'][number]

function warningsOf(warnings: readonly OlderWarning[] | undefined): SharedV4Warning[] {
  return warnings?.map(warningOf) ?? []
}

function warningOf(warning: OlderWarning): SharedV4Warning {
  switch (warning.type) {
    case 'unsupported-setting':
      return { type: 'unsupported', feature: String(warning.setting), ...detailsOf(warning) }
    case 'unsupported-tool':
      return { type: 'unsupported', feature: `tool ${warning.tool.name}`, ...detailsOf(warning) }
    default:
      return warning
  }
}

function detailsOf({ details }: { readonly details?: string }): { details?: string } {
  return details === undefined ? {} : { details }
}
