/** Runs a bundle with the globals that browsers have and Node.js shares with them: no process, no Buffer, no require. */
import { readFileSync } from 'node:fs'
import { createContext, SourceTextModule } from 'node:vm'

const [file] = process.argv.slice(2)
const shared = [
  'AbortController',
  'AbortSignal',
  'Blob',
  'DOMException',
  'Event',
  'EventTarget',
  'TextDecoder',
  'TextEncoder',
  'URL',
  'Uint8Array',
]
const more = [
  'atob',
  'btoa',
  'clearTimeout',
  'setTimeout',
  'queueMicrotask',
  'structuredClone',
  'performance',
  'crypto',
  'ReadableStream',
]
const context = createContext(
  Object.fromEntries([...shared, ...more].map((name) => [name, globalThis[name]])),
)
const bundle = new SourceTextModule(readFileSync(file, 'utf8'), { context })
await bundle.link(() => {
  throw new Error('The bundle imports something.')
})
await bundle.evaluate()
console.log(await context.outcome)
