import { join } from 'node:path'
import protobuf from 'protobufjs'
import type { Plugin } from 'rolldown'

const loadFile = /loadSync\)\(`\$\{__dirname\}\/\.\.\/proto\/rpc\.proto`/

/**
 * etcd3 parses its .proto files when it is imported. The bundle holds what was parsed instead: no files beside it, and
 * a third less to do at the start.
 */
export const etcdProtos: Plugin = {
  name: 'etcd-protos',
  transform: {
    filter: { id: /\/etcd3\/lib\/connection-pool\.js$/ },
    handler(code, id) {
      if (!loadFile.test(code)) {
        throw new Error(`${id} no longer loads rpc.proto in the way that ${import.meta.filename} replaces`)
      }
      const json = JSON.stringify(parseProto(join(id, '../../proto/rpc.proto')))
      return { code: code.replace(loadFile, () => `fromJSON)(${json}`), map: null }
    },
  },
}

/** What `fromJSON` of @grpc/proto-loader takes; names stay as they are written, which is its option keepCase. */
function parseProto(path: string): protobuf.INamespace {
  return new protobuf.Root().loadSync(path, { keepCase: true }).toJSON()
}
