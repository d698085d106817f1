/** Where clients of the live WebSocket come in. */
export const SOCKET_PATH = '/api/v1/ws'
