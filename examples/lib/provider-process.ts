import { startSimulator } from '@harbor/simulator'

/** A simulated provider in a process of its own, so that its work is not measured. Sends its addresses to the parent process. */
const openai = { latency: { mean: 120, sigma: 0.3 } }
const simulator = await startSimulator({ providers: { openai, warmUp: openai }, seed: 3 })
process.send?.([...simulator.providers.values()].map(({ baseURL }) => baseURL))
