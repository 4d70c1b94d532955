export { writeKubeconfig } from './kubeconfig.ts'
export { failure, type ReceivedRequest, respond, startTestServer, type TestServer } from './server.ts'
