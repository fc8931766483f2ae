export {
  chooseBoundary,
  type EncodableFile,
  type EncodedForm,
  encodeForm,
  encodeMultipart,
  encodeUrlencoded,
  type FormEntry,
  MultipartEncoder,
} from "./encode.ts"
export type {
  DataEvent,
  EpilogueEvent,
  FieldEvent,
  FileEvent,
  MultipartEvent,
  PartHeaders,
  PreambleEvent,
} from "./multipart-events.ts"
