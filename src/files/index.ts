export { type FileType, type FileView, guessFileType } from "../http/file-types.ts"
export { type DirectoryOptions, openInDirectory } from "./directory.ts"
export { type FileFacts, fileResponse } from "./file-response.ts"
export type { FileSource } from "./file-source.ts"
export type { FileState } from "./file-state.ts"
export { FileWrapper, type SeekableFile, wrapFile } from "./file-wrapper.ts"
export type { FileCache } from "./known-files.ts"
export {
  type FindModulesOptions,
  findModules,
  ImportStringError,
  type ImportStringOptions,
  importString,
} from "./modules.ts"
export { NotAFileError, type OpenFile, openFile, type PathSource } from "./open-file.ts"
export { OpenFileCache, type OpenFileCacheOptions, type SharedFile } from "./open-file-cache.ts"
export type { ContentCoding } from "./precompressed.ts"
export {
  type AccelMapping,
  type SendableFile,
  type SendFileOptions,
  type SendFromDirectoryOptions,
  sendFile,
  sendFromDirectory,
} from "./send-file.ts"
export { DiskUploadStore, type DiskUploadStoreOptions, diskStore } from "./upload-store.ts"
