#include "arc/plot_png.h"

#include <cairo.h>
#include <fmt/format.h>
#include <fontconfig/fontconfig.h>
#include <librsvg/rsvg.h>

#include <cmath>
#include <memory>

namespace banchu {
namespace {

constexpr double kMostPixels = 16384;  // a side
constexpr FcChar32 kHangulSample = 0xAC00;

template <auto Free>
struct FreeBy {
  template <typename T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using Handle = std::unique_ptr<RsvgHandle, FreeBy<g_object_unref>>;
using Surface = std::unique_ptr<cairo_surface_t, FreeBy<cairo_surface_destroy>>;
using Drawing = std::unique_ptr<cairo_t, FreeBy<cairo_destroy>>;

cairo_status_t append_bytes(void* out, const unsigned char* bytes, unsigned int size) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
  return CAIRO_STATUS_SUCCESS;
}

Error drawing_error(GError* error, const std::string& what) {
  const std::string why = error != nullptr ? error->message : "out of memory";
  if (error != nullptr) g_error_free(error);
  return make_error(Code::InvalidArgument, fmt::format("{}: {}", what, why));
}

}  // namespace

Result<std::string> svg_to_png(std::string_view svg, double scale) {
  GError* error = nullptr;
  const Handle handle(rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error));
  if (handle == nullptr) return drawing_error(error, "the picture is no SVG");
  double width = 0, height = 0;
  if (rsvg_handle_get_intrinsic_size_in_pixels(handle.get(), &width, &height) == 0 || width < 1 || height < 1)
    return make_error(Code::InvalidArgument, "the picture has no size");
  width = std::ceil(width * scale), height = std::ceil(height * scale);
  if (width > kMostPixels || height > kMostPixels)
    return make_error(Code::InvalidArgument,
                      fmt::format("a picture of {} x {} pixels is too large for PNG", width, height),
                      "write it as SVG");
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height)));
  const Drawing drawing(cairo_create(surface.get()));
  cairo_set_source_rgb(drawing.get(), 1, 1, 1);
  cairo_paint(drawing.get());
  const RsvgRectangle page = {0, 0, width, height};
  if (rsvg_handle_render_document(handle.get(), drawing.get(), &page, &error) == 0)
    return drawing_error(error, "the picture could not be drawn");
  std::string png;
  if (cairo_surface_write_to_png_stream(surface.get(), append_bytes, &png) != CAIRO_STATUS_SUCCESS)
    return make_error(Code::Internal, "the picture could not be written as PNG");
  return png;
}

bool has_hangul_font() {
  FcPattern* pattern = FcPatternCreate();
  FcCharSet* letters = FcCharSetCreate();
  FcCharSetAddChar(letters, kHangulSample);
  FcPatternAddCharSet(pattern, FC_CHARSET, letters);
  FcObjectSet* wanted = FcObjectSetBuild(FC_FAMILY, nullptr);
  FcFontSet* found = FcFontList(nullptr, pattern, wanted);
  const bool has = found != nullptr && found->nfont > 0;
  if (found != nullptr) FcFontSetDestroy(found);
  FcObjectSetDestroy(wanted);
  FcCharSetDestroy(letters);
  FcPatternDestroy(pattern);
  return has;
}

}  // namespace banchu
