import { createCache, requestKey } from '@harbor/cache'
import { measure, type Measurement, type Subject } from '../measure.ts'
import { figures, inWords, judged, tableOf, type Table } from '../table.ts'
import { VALUE } from './rivals.ts'

/** The goal for a hit, in microseconds, including the key and the Response. */
const WANTED = 40
const ROUNDS = { rounds: 101, times: 100 }

const REQUEST = {
  model: 'gpt-4',
  temperature: 0,
  messages: [{ role: 'user', content: 'What is a harbor, and why do ships like it? '.repeat(22) }],
}
const CONTEXT = { baseURL: 'https://api.openai.com/v1/chat/completions', scope: 'tenant' }
const BYTES = new TextEncoder().encode(VALUE)

const recordings = createCache<Uint8Array>()
const key = requestKey(REQUEST, CONTEXT)
const open = () => ({
  head: { status: 200, headers: [['content-type', 'application/json']] as [string, string][] },
  body: (async function* () {
    yield BYTES
  })(),
})

/** A hit, including the Response. */
async function respond(name: string): Promise<Response> {
  const { head, body } = await recordings.record<ReturnType<typeof open>['head']>(name, open)
  const { value } = await body.next()
  return new Response(value ?? null, head)
}

const WHOLE = 'all together'
const PARTS: Record<string, Subject> = {
  [WHOLE]: async (times) => {
    for (let call = 0; call < times; call++) await respond(requestKey(REQUEST, CONTEXT))
  },
  '`requestKey`': async (times) => {
    for (let call = 0; call < times; call++) requestKey(REQUEST, CONTEXT)
  },
  '`record`, with a ready key': async (times) => {
    for (let call = 0; call < times; call++) await recordings.record(key, open)
  },
  '`new Response` from ready bytes': async (times) => {
    for (let call = 0; call < times; call++) new Response(BYTES, open().head)
  },
}

/** The cost of a hit of a recorded answer, from the request to the Response, as a table. */
export async function recordedTable(): Promise<Table> {
  for await (const _ of (await recordings.record(key, open)).body);
  const parts = await measure(PARTS, ROUNDS)
  const names = Object.keys(parts)
  const all = Object.values(parts)
  return judged(
    tableOf({
      [`a request of ${inWords(JSON.stringify(REQUEST).length)} bytes`]: names,
      'goal, µs': figures(
        1,
        names.map((name) => (name === WHOLE ? WANTED : undefined)),
      ),
      µs: figures(
        1,
        all.map(({ ns }) => ns / 1_000),
      ),
      'bytes allocated': figures(
        0,
        all.map(({ bytes }) => bytes),
      ),
    }),
    { wanted: 'goal, µs', got: 'µs', unit: 'µs', digits: 1 },
    () => 'the hit of a recorded answer, from the request to the `Response`',
  )
}

/** The cost of a hit of an object, which is copied for every caller. */
export async function measureCopies(): Promise<Record<string, Measurement>> {
  const objects = createCache<object>()
  const object: object = { ...REQUEST, id: 'chatcmpl-1', usage: { total_tokens: 500 } }
  await objects.set('key', object)
  return measure(
    {
      '`structuredClone` of an object of 1 KB': async (times) => {
        for (let call = 0; call < times; call++) structuredClone(object)
      },
      '`get` of it, copied': async (times) => {
        for (let call = 0; call < times; call++) await objects.get('key')
      },
    },
    ROUNDS,
  )
}
