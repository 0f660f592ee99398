// The web page at "/", for whoever asks as a browser does; Ollama's clients find their greeting there.
//
// The page comes with headers that let it run its own files, talk to this server, and do nothing else: no scripts and
// styles but its own, nothing from elsewhere, no frames around it. Its files are named by their digests and may be kept
// for ever; the page itself is asked for anew each time.
#pragma once

#include <vector>

#include "serve/http.h"

namespace banchu {

bool wants_page(const HttpCall& call);       // at "/": a browser, by its Accept header
bool is_page_path(const std::string& path);  // one of the page's files, which hold nothing of anybody
HttpAnswerOut page(const HttpCall& call);
void add_page_file_routes(std::vector<RouteRow>& rows);

}  // namespace banchu
