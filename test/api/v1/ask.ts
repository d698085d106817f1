import { regtest } from '../../../src/chain/networks/regtest.ts'
import { Contract, declaredGroups } from '../contract.ts'
import type { Front } from '../front.ts'

/** Asks below `/api/v1`, and holds each answer against what its route declares: its status and its body. */
export function asker(front: () => Front) {
  const contract = new Contract(declaredGroups(regtest))
  return async (path: string, init: RequestInit = {}): Promise<[status: number, body: unknown]> => {
    const request = new Request(`http://relay.example/api/v1${path}`, init)
    const response = await front().fetch(request.clone())
    return [response.status, await contract.expect(request, response)]
  }
}
