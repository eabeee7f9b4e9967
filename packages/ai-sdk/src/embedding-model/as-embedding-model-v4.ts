import type {
  EmbeddingModelV2,
  EmbeddingModelV3,
  EmbeddingModelV4,
  EmbeddingModelV4Result,
} from '@ai-sdk/provider'

/** An embedding model of the AI SDK, in any version of the specification that the current `ai` package accepts. */
export type AnyEmbeddingModel = EmbeddingModelV4 | EmbeddingModelV3 | EmbeddingModelV2<string>

type Answer = Partial<Pick<EmbeddingModelV4Result, 'warnings'>>

/**
 * Returns an embedding model with version 4 of the model specification. The older versions differ only in their warnings and in the option
 * `dimensions`, which they do not know.
 *
 * @param where what contains the model, for the message of the error, such as `models[0]`
 * @throws TypeError when it is not an embedding model of version 2, 3 or 4, such as a model id
 */
export function asEmbeddingModelV4(model: AnyEmbeddingModel, where: string): EmbeddingModelV4 {
  const given: unknown = model
  if (typeof given === 'string') {
    throw new TypeError(
      `${where} must be an embedding model, got a model id. For the AI Gateway, pass gateway.embeddingModel(id), with gateway from ai.`,
    )
  }
  if (typeof given !== 'object' || given === null || !('doEmbed' in given))
    throw new TypeError(
      `${where} must be an embedding model of the AI SDK, such as openai.embedding('text-embedding-3-small').`,
    )
  switch (model.specificationVersion) {
    case 'v4':
      return model
    case 'v3':
    case 'v2':
      return {
        specificationVersion: 'v4',
        provider: model.provider,
        modelId: model.modelId,
        get maxEmbeddingsPerCall() {
          return model.maxEmbeddingsPerCall
        },
        get supportsParallelCalls() {
          return model.supportsParallelCalls
        },
        async doEmbed({ dimensions, ...options }) {
          const result = await model.doEmbed(options as never)
          const lost =
            dimensions === undefined ? [] : [{ type: 'unsupported' as const, feature: 'dimensions' }]
          // What is no answer stays none: it has no vectors.
          const { warnings = [] }: Answer = (result as Answer | undefined | null) ?? {}
          return { ...result, warnings: [...warnings, ...lost] }
        },
      }
    default:
      throw new TypeError(
        `${where} must have version 2, 3 or 4 of the AI SDK's model specification, got ${String((given as { specificationVersion?: unknown }).specificationVersion).slice(0, 20)}.`,
      )
  }
}
