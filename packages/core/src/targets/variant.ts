import { isRecord, type JsonBody } from '../base/json.ts'
import { mergedParams } from '../base/merged-params.ts'
import type { ModelOptions } from '../options/provider-options.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { Target } from '../reporting/target.ts'

/** An entry of the option `models` that is a variant: a name of its own for a model with parameters. */
type Variant = ModelOptions & { readonly model: string; readonly params: JsonBody }

export function isVariant(entry: ModelOptions): entry is Variant {
  return entry.model !== undefined && entry.params !== undefined
}

/** Returns the body of a request as a target gets it: with the parameters of the variant, if the target is one. */
export function withParams(
  { params }: Pick<Target, 'params'>,
  body: JsonBody,
  { checksAnswers, endpoint }: Pick<Operation, 'checksAnswers' | 'endpoint'>,
): JsonBody {
  // Other requests, such as one that counts tokens, do not know the parameters.
  if (!params || !checksAnswers) return body
  return endpoint.withParams?.(body, params) ?? mergedParams(body, params)
}

/** Returns the names of the fields that `params` replaces with another value. */
export function replacedFields(body: JsonBody, merged: JsonBody): readonly string[] {
  return Object.keys(body).filter(
    (name) => body[name] !== merged[name] && !(isRecord(body[name]) && isRecord(merged[name])),
  )
}
