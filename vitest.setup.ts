import { failOnLeftovers } from './vitest.leftovers.ts'

// Runs before each test file of the projects whose files share a process.
failOnLeftovers()
