import type { LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { onlyKnown, recordIn, textIn } from './fields.ts'
import { cleanName, isRecord } from '../json.ts'
import { invalid, unsupported } from './request-error.ts'

const SCHEMA_FIELDS: ReadonlySet<string> = new Set(['name', 'description', 'schema', 'strict'])

/**
 * Converts `response_format`.
 * @returns the format, and whether its schema has to be enforced; undefined without a schema
 * @throws RequestError for a format that the AI SDK does not have
 */
export function responseFormatOf(format: unknown): {
  responseFormat: NonNullable<LanguageModelV4CallOptions['responseFormat']>
  strict?: boolean
} {
  if (!isRecord(format)) throw invalid('response_format must be an object.')
  onlyKnown(format, new Set(['type', 'json_schema']), 'response_format')
  switch (format['type']) {
    case 'text':
      return { responseFormat: { type: 'text' } }
    case 'json_object':
      return { responseFormat: { type: 'json' } }
    case 'json_schema': {
      const described = recordIn(format, 'json_schema', 'response_format')
      onlyKnown(described, SCHEMA_FIELDS, 'json_schema')
      const { description, schema, strict } = described
      return {
        responseFormat: {
          type: 'json',
          name: textIn(described, 'name', 'json_schema'),
          ...(description != null && { description: textIn(described, 'description', 'json_schema') }),
          ...(schema != null && { schema: recordIn(described, 'schema', 'json_schema') }),
        },
        strict: strict === true,
      }
    }
    default:
      throw unsupported(`response_format of the type ${cleanName(format['type'])}`)
  }
}
