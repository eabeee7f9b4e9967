import OpenAI, { APIPromise } from 'openai'
import { failOnLeftovers } from '../../../../vitest.leftovers.ts'

// Runs before each test file that shares a process with others. The fast path is off while a method of the SDK is replaced.
failOnLeftovers({ 'OpenAI.prototype': OpenAI.prototype, 'APIPromise.prototype': APIPromise.prototype })
