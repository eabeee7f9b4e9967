/** One call, one stream, one stream that is cut and one bulk run, through the packed packages: for Node.js, Bun and Deno alike. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Harbor, receiptOf } from '@harbor/core'

const server = createServer(async (request, response) => {
  let body = ''
  for await (const part of request) body += part
  const { stream, messages } = JSON.parse(body)
  const text = messages[0].content
  if (!stream) {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(completion(`answer to ${text}`)))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(event({ content: 'answer ' }))
  setTimeout(() => {
    if (text === 'cut') return response.destroy()
    response.write(event({ content: `to ${text}` }))
    response.end(`${event({}, 'stop')}data: [DONE]\n\n`)
  }, 20)
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))

const folder = mkdtempSync(join(tmpdir(), 'harbor-runtime-'))
const harbor = new Harbor({
  apiKey: 'key',
  baseURL: `http://127.0.0.1:${server.address().port}/v1`,
  cache: true,
  logLevel: 'off',
})
try {
  const reply = await harbor.chat.completions.create(ask('one'))
  expect('a call', reply.choices[0].message.content, 'answer to one')
  expect('its receipt', receiptOf(reply).attempts.length, 1)
  expect('a stream', await textOf(ask('two')), 'answer to two')
  expect('a stream that is cut', await textOf(ask('cut')).catch((error) => error.code), 'stream_incomplete')

  const requests = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ custom_id: name, body: ask(name) }))
  const journal = join(folder, 'run.journal')
  const answers = []
  for await (const result of harbor.bulk(requests, { journal, concurrency: 2 })) {
    answers.push(result.ok ? result.value.body.choices[0].message.content : String(result.error))
  }
  expect('a bulk run', answers.sort().join(), 'a,b,c,d,e'.replace(/\w/g, 'answer to $&'))
  expect('its journal', readFileSync(journal, 'utf8').trim().split('\n').length, 6)
} finally {
  await harbor.close()
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
}
console.log('ok')

function ask(content) {
  return { model: 'm', temperature: 0, messages: [{ role: 'user', content }] }
}

async function textOf(request) {
  let text = ''
  for await (const chunk of await harbor.chat.completions.create({ ...request, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? ''
  }
  return text
}

function completion(content) {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }]
  const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 }
  return { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices, usage }
}

function event(delta, finish_reason = null) {
  const choices = [{ index: 0, delta, finish_reason }]
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`
}

function expect(what, got, expected) {
  if (got !== expected) throw new Error(`${what}: expected ${expected}, got ${got}`)
}
