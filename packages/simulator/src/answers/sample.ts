import { asArray, asObject, asString, isObject } from './json.ts'

/**
 * Returns a value that fits a JSON schema, for the arguments of a tool or a structured answer. The same schema always
 * produces the same value.
 */
export function sampleSchema(schema: unknown, root: unknown = schema, depth = 0): unknown {
  const node = asObject(schema)
  if (depth > 16) return null
  if (typeof node['$ref'] === 'string') return sampleSchema(follow(root, node['$ref']), root, depth + 1)
  if ('const' in node) return node['const']
  if ('default' in node) return node['default']
  const choices = asArray(node['enum'])
  if (choices.length > 0) return choices[0]
  const variants = asArray(node['anyOf'] ?? node['oneOf'])
  if (variants.length > 0) return sampleSchema(variants[0], root, depth + 1)

  const type = Array.isArray(node['type']) ? asString(node['type'][0]) : asString(node['type'])
  // Gemini writes the names of types in capitals.
  switch (type.toLowerCase() || (isObject(node['properties']) ? 'object' : '')) {
    case 'object':
      return Object.fromEntries(
        Object.entries(asObject(node['properties'])).map(([name, property]) => [
          name,
          sampleSchema(property, root, depth + 1),
        ]),
      )
    case 'array': {
      const length = Math.max(Number(node['minItems'] ?? 1), 0)
      return Array.from({ length }, () => sampleSchema(node['items'], root, depth + 1))
    }
    case 'integer':
    case 'number':
      return Number(node['minimum'] ?? node['exclusiveMinimum'] ?? 0) + 1
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return 'harbor'
  }
}

/** Returns the schema that a reference points to. Supports `#/$defs/name` and `#`, as OpenAI does. */
function follow(root: unknown, reference: string): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((node, key) => asObject(node)[key], root)
}
