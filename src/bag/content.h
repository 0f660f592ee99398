// The content-addressed files of a bag: memory_core/blobs/<sha256> and memory_core/adapters/<sha256>.gguf.
//
// On disk: a file appears under its name only when it is whole and synced; the table `files` lists it afterwards.
// A crash between the two leaves a sound file that is not listed, never a listed file that is not there.
// Errors: InvalidArgument (a name that is not 64 hexadecimal digits never becomes a path), NotFound, Corruption,
// NoSpace, FailedPrecondition.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bag/database.h"
#include "base/result.h"

namespace banchu {

bool is_digest(std::string_view name);  // 64 lower-case hexadecimal digits
bool is_run_id(std::string_view name);  // 1 to 64 of A-Z a-z 0-9 _ -

inline std::filesystem::path blobs_folder(const std::filesystem::path& bag) { return bag / "memory_core" / "blobs"; }
inline std::filesystem::path adapters_folder(const std::filesystem::path& bag) {
  return bag / "memory_core" / "adapters";
}
// For a digest that is none: the path of a file that is never there.
std::filesystem::path blob_file(const std::filesystem::path& bag, const std::string& digest);
std::filesystem::path adapter_file(const std::filesystem::path& bag, const std::string& digest);

Result<std::string> put_blob_file(const std::filesystem::path& bag, Database& database, std::string_view bytes);
Result<std::string> get_blob_file(const std::filesystem::path& bag, const std::string& digest);
Status remove_blob_file(const std::filesystem::path& bag, Database& database, const std::string& digest);
Result<std::string> store_adapter_file(const std::filesystem::path& bag, Database& database,
                                       const std::filesystem::path& finished_file);

// Removes what killed writers left unfinished (<name>.XXXXXX). Only while no other process writes.
void sweep_unfinished_files(const std::filesystem::path& bag);

// The entries of a folder in the order of their names; empty when it cannot be read.
std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder);

}  // namespace banchu
