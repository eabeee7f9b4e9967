/** Retries as an application may have them: the code that simulator.test.js tests. */
export async function withRetries(call, attempts = 3) {
  for (let attempt = 1; ; attempt++) {
    const response = await call().catch((error) => {
      if (attempt === attempts) throw error
    })
    if (response?.ok || (response && attempt === attempts)) return response
    await new Promise((resolve) => setTimeout(resolve, 30_000))
  }
}
