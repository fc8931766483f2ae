export {
  type EncodableFile,
  type EncodedForm,
  encodeForm,
  encodeMultipart,
  encodeUrlencoded,
  type FormEntry,
  MultipartEncoder,
} from "./encode.ts"
export { FormDataParser, type FormDataParserOptions, type ParsedForm, parseFormData } from "./form-data-parser.ts"
export type { FormPart } from "./form-part.ts"
export { type FormLimits, MalformedForm } from "./limits.ts"
export type { EventDecoder, EventDecoderFactory } from "./multipart.ts"
export { MultipartDecoder } from "./multipart-decoder.ts"
export type {
  DataEvent,
  EpilogueEvent,
  FieldEvent,
  FileEvent,
  MultipartEvent,
  PartHeaders,
  PreambleEvent,
} from "./multipart-events.ts"
export { MemoryUploadStore, UPLOAD_STORE_KEY, type UploadStore } from "./upload-store.ts"
