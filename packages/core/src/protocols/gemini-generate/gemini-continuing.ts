import type { JsonBody } from '../../base/json.ts'
import { continuePrompt, limitLeft, textBefore } from '../shared/continue-request.ts'
import type { AnswerPart, ContinuationFormat } from '../shared/continuation-format.ts'
import { fieldOf, listAt, recordAt } from './fields.ts'
import { finishReasonOf } from './finish-reasons.ts'

/**
 * How a broken answer of Gemini is continued. An answer that carries a continuation token is left alone: Google's SDK continues it, without
 * repeating anything.
 */
export const GEMINI_CONTINUING: ContinuationFormat = {
  isPlainText(request) {
    const config = recordAt(request, 'generationConfig')
    const type = fieldOf(config, 'responseMimeType')
    const schemas = ['responseSchema', 'responseJsonSchema'].some((name) => fieldOf(config, name) != null)
    const modalities = fieldOf(config, 'responseModalities')
    return (
      Array.isArray(request['contents']) &&
      (fieldOf(config, 'candidateCount') ?? 1) === 1 &&
      (type == null || type === 'text/plain') &&
      (!Array.isArray(modalities) || modalities.every((each) => each === 'TEXT')) &&
      !schemas
    )
  },
  newReader: () => ({ read: partOf }),
  requestFor(request, broken, form) {
    const config = recordAt(request, 'generationConfig')
    const limit = fieldOf(config, 'maxOutputTokens')
    const left = typeof limit === 'number' ? limitLeft(limit, broken) : Infinity
    if (left === undefined) return undefined
    const { max_output_tokens: _other, ...settings } = config
    const text = form === 'user-turn' ? broken.sent : textBefore(broken)
    const contents = [
      ...(request['contents'] as readonly unknown[]),
      ...(text === '' ? [] : [{ role: 'model', parts: [{ text }] }]),
      ...(form === 'user-turn' ? [{ role: 'user', parts: [{ text: continuePrompt(broken.anchor) }] }] : []),
    ]
    if (left === Infinity) return { ...request, contents }
    const { generation_config: _same, ...others } = request
    return { ...others, contents, generationConfig: { ...settings, maxOutputTokens: left } }
  },
  joined(event, { responseId, modelVersion }, _first, text) {
    const { candidates: _all, ...fields } = event
    const [candidate, ...more] = listAt(event, 'candidates')
    const identity = {
      ...(responseId !== undefined && { responseId }),
      ...(modelVersion !== undefined && { modelVersion }),
    }
    if (!candidate || more.length > 0) return { ...event, ...identity }
    const content = recordAt(candidate, 'content')
    const parts = listAt(content, 'parts')
    const others = parts.filter((part) => !isText(part))
    const joined =
      parts.length === 0
        ? content
        : { ...content, parts: [...(text === '' && others.length > 0 ? [] : [{ text }]), ...others] }
    return { ...fields, ...identity, candidates: [{ ...candidate, content: joined }] }
  },
}

const NOTHING: AnswerPart = { text: '', hasOther: false, isEnd: false }
const OTHER: AnswerPart = { ...NOTHING, hasOther: true }

function partOf(event: JsonBody): AnswerPart {
  const [candidate, ...more] = listAt(event, 'candidates')
  if (!candidate) return NOTHING
  if (more.length > 0 || (candidate['index'] ?? 0) !== 0) return OTHER
  if (fieldOf(candidate, 'continuationToken') != null) return OTHER
  const parts = listAt(recordAt(candidate, 'content'), 'parts')
  return {
    text: parts.map((part) => (isText(part) ? String(part['text']) : '')).join(''),
    hasOther: !parts.every((part) => isText(part) || part['thought'] === true || isSignature(part)),
    isEnd: finishReasonOf(candidate) !== undefined,
  }
}

function isText({ text, thought }: JsonBody): boolean {
  return typeof text === 'string' && thought !== true
}

/** Whether a part is only the signature of an earlier one. */
function isSignature(part: JsonBody): boolean {
  return Object.keys(part).every((name) => name === 'thoughtSignature' || name === 'thought_signature')
}
