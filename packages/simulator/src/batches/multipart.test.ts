import { expect, it } from 'vitest'
import { readMultipart } from './multipart.ts'

const form = async (fields: [string, string | File][]) => {
  const data = new FormData()
  for (const [name, value] of fields) data.append(name, value)
  const request = new Request('http://127.0.0.1', { method: 'POST', body: data })
  return {
    type: request.headers.get('content-type') ?? '',
    body: Buffer.from(await request.arrayBuffer()),
  }
}

it('reads the forms of fetch: fields, files, empty ones, and content that looks like a boundary', async () => {
  const tricky = '--\r\n----formdata\r\n\r\nname="file"\r\n'
  const { type, body } = await form([
    ['purpose', 'batch'],
    ['empty', ''],
    ['file', new File([tricky], 'in.jsonl')],
  ])
  const parts = readMultipart(type, body)?.map(({ name, filename, content }) => [
    name,
    filename,
    content.toString(),
  ])
  expect(parts).toEqual([
    ['purpose', undefined, 'batch'],
    ['empty', undefined, ''],
    ['file', 'in.jsonl', tricky],
  ])
})

it('returns nothing for a truncated form, and for other bodies', async () => {
  const { type, body } = await form([['file', new File(['content'], 'in.jsonl')]])
  for (let length = 0; length < body.length - 4; length += 7) {
    expect(readMultipart(type, body.subarray(0, length))).toBeUndefined()
  }
  expect(readMultipart('application/json', body)).toBeUndefined()
  expect(readMultipart('multipart/form-data', body)).toBeUndefined()
  expect(readMultipart('multipart/form-data; boundary=other', body)).toBeUndefined()
})
