import { describe, expect, it } from 'vitest'
import { readBatchInput } from './batch-input.ts'

const endpoint = '/v1/embeddings'
const line = (id: string, more: object = {}) =>
  JSON.stringify({
    custom_id: id,
    method: 'POST',
    url: endpoint,
    body: { model: 'm', input: 'four words in here' },
    ...more,
  })
const read = (lines: string[], rules = {}) =>
  readBatchInput(Buffer.from(lines.join('\n')), endpoint, {
    maxRequests: 50_000,
    models: undefined,
    ...rules,
  })
const problems = (lines: string[], rules = {}) =>
  read(lines, rules).problems.map((problem) => [problem.line, problem.code])

it('reads lines, and skips blank ones', () => {
  const input = read([line('a'), '', line('b'), ''])
  expect(input).toMatchObject({ operation: 'embeddings', model: 'm', problems: [] })
  expect(input.lines.map(({ customId }) => customId)).toEqual(['a', 'b'])
  expect(input.inputTokens).toBeGreaterThan(0)
})

describe('the input of a batch', () => {
  it.each([
    ['no JSON', [line('a'), '{'], [[2, 'invalid_json_line']]],
    ['an id that is used twice', [line('a'), line('a')], [[2, 'duplicate_custom_id']]],
    ['no id', [line('')], [[1, 'missing_required_parameter']]],
    ['another endpoint', [line('a', { url: '/v1/chat/completions' })], [[1, 'url_mismatch']]],
    ['another method', [line('a', { method: 'GET' })], [[1, 'invalid_method']]],
    ['no model', [line('a', { body: {} })], [[1, 'missing_required_parameter']]],
    ['a second model', [line('a'), line('b', { body: { model: 'n' } })], [[2, 'model_mismatch']]],
    ['nothing at all', [''], [[null, 'empty_file']]],
  ])('is reported as wrong: %s', (_, lines, expected) => expect(problems(lines)).toEqual(expected))

  it('is reported as wrong for too many lines, and for a model that does not exist', () => {
    expect(problems([line('a'), line('b')], { maxRequests: 1 })).toEqual([[null, 'too_many_tasks']])
    expect(problems([line('a')], { models: ['other'] })).toEqual([[1, 'model_not_found']])
  })

  it('is reported as wrong with at most a hundred bad lines', () => {
    expect(problems(Array.from({ length: 150 }, () => '{'))).toHaveLength(100)
  })
})
