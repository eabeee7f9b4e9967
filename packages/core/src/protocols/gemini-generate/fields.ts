import { isRecord, type JsonBody } from '../../base/json.ts'

/**
 * Returns the value of a field of a request in either of its two spellings. Google's APIs accept both, such as `generationConfig` and
 * `generation_config`.
 * @param name the name in camel case
 */
export function fieldOf(object: JsonBody, name: string): unknown {
  return object[name] ?? object[snakeOf(name)]
}

export function recordAt(object: JsonBody, name: string): JsonBody {
  const value = fieldOf(object, name)
  return isRecord(value) ? value : NO_FIELDS
}

export function listAt(object: JsonBody, name: string): readonly JsonBody[] {
  const value = fieldOf(object, name)
  return Array.isArray(value) ? value.filter(isRecord) : []
}

/**
 * Yields the parts of all contents of a request and of its system instruction, including the parts inside function results. `contents` may
 * be a list or a single object.
 */
export function* partsIn(request: JsonBody): Generator<JsonBody> {
  for (const content of [...contentsOf(request), recordAt(request, 'systemInstruction')]) {
    for (const part of listAt(content, 'parts')) {
      yield part
      // The result of a function may contain images and files.
      yield* listAt(recordAt(part, 'functionResponse'), 'parts')
    }
  }
}

function contentsOf(request: JsonBody): readonly JsonBody[] {
  const contents = listAt(request, 'contents')
  return contents.length > 0 ? contents : [recordAt(request, 'contents'), recordAt(request, 'content')]
}

/** Returns the media type of the data or the file in a part, in lower case; empty if there is none. */
export function mediaTypeIn(part: JsonBody): string {
  const medium = { ...recordAt(part, 'fileData'), ...recordAt(part, 'inlineData') }
  const type = fieldOf(medium, 'mimeType')
  return typeof type === 'string' ? type.toLowerCase() : ''
}

const NO_FIELDS: JsonBody = {}
const SNAKE = new Map<string, string>()

/**
 * Returns the snake-case spelling of a name. The results are cached. The cache stays small, because all names are written out in the code
 * of this folder.
 */
function snakeOf(name: string): string {
  let snake = SNAKE.get(name)
  if (snake === undefined)
    SNAKE.set(name, (snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)))
  return snake
}
