// The format as written, and as strangers might write it.
#include "exchange/safetensors.h"

#include "exchange/half.h"
#include "tests/exchange/support.h"

namespace banchu::test {
namespace {

class Safetensors : public ExchangeTest {
 protected:
  std::filesystem::path raw(const std::string& header, const std::string& data) const {
    const std::uint64_t length = header.size();
    return bytes(std::string(reinterpret_cast<const char*>(&length), 8) + header + data);
  }
  std::filesystem::path bytes(const std::string& content) const {
    EXPECT_TRUE(write_file_atomic(at("x.safetensors"), content));
    return at("x.safetensors");
  }
  static Code refusal(const std::filesystem::path& path) {
    const auto file = SafetensorsFile::open(path);
    EXPECT_FALSE(file);
    if (file) return Code::Internal;
    EXPECT_NE(file.error().message.find(path.string()), std::string::npos) << file.error().message;
    return file.error().code;
  }
};

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

TEST_F(Safetensors, WhatWasWrittenIsReadInEveryFloatFormat) {
  const std::vector<float> x = {1, -2.5F, 0.09375F, 3}, y = {0.5F, 65504};
  for (const FloatFormat format : {FloatFormat::f32, FloatFormat::f16}) {
    ASSERT_TRUE(write_safetensors(at("x"), {{"b", {2}, &y}, {"a", {2, 2}, &x}}, format, {{"format", "pt"}}));
    const auto file = SafetensorsFile::open(at("x"));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->metadata().at("format"), "pt");
    ASSERT_EQ(file->tensors().size(), 2U);
    EXPECT_EQ(file->find("a")->shape, (std::vector<std::uint64_t>{2, 2}));
    EXPECT_EQ(file->floats(*file->find("a")).value(), x);
    EXPECT_EQ(file->floats(*file->find("b")).value(), y);
    EXPECT_EQ(file->find("c"), nullptr);
  }
}

TEST_F(Safetensors, TheSameContentIsTheSameBytes) {
  const std::vector<float> x = {1, 2}, y = {3};
  ASSERT_TRUE(write_safetensors(at("1"), {{"b", {1}, &y}, {"a", {2}, &x}}, FloatFormat::bf16, {}));
  ASSERT_TRUE(write_safetensors(at("2"), {{"a", {2}, &x}, {"b", {1}, &y}}, FloatFormat::bf16, {}));
  EXPECT_EQ(read_file(at("1")).value(), read_file(at("2")).value());
}

TEST_F(Safetensors, EmptyAndScalarTensorsAreFine) {
  const auto file = SafetensorsFile::open(raw(
      "{" + tensor("e", "F32", "[0,7]", "[0,0]") + "," + tensor("s", "F32", "[]", "[0,4]") + "}", std::string(4, 'x')));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->floats(*file->find("e")).value().size(), 0U);
  EXPECT_EQ(file->floats(*file->find("s")).value().size(), 1U);
}

TEST_F(Safetensors, AHeaderLongerThanTheFileIsRefused) {
  EXPECT_EQ(refusal(bytes("")), Code::Corruption);
  EXPECT_EQ(refusal(bytes("abc")), Code::Corruption);
  EXPECT_EQ(refusal(bytes(std::string(8, '\xff') + "{}")), Code::Corruption);
  EXPECT_EQ(refusal(bytes(std::string("\x03\0\0\0\0\0\0\0{}", 10))), Code::Corruption);
}

TEST_F(Safetensors, AHeaderThatIsNoObjectIsRefused) {
  for (const char* header : {"", "[]", "3", "{", "{\"a\":}", "{\"a\":3}", "\"a\"", "{}x"}) {
    EXPECT_EQ(refusal(raw(header, "")), Code::Corruption) << header;
  }
  EXPECT_EQ(refusal(raw("{\"a\":" + std::string(5000, '[') + std::string(5000, ']') + "}", "")), Code::Corruption);
  EXPECT_EQ(refusal(raw("{\"__metadata__\":{\"a\":1}}", "")), Code::Corruption);
}

TEST_F(Safetensors, OffsetsOutsideTheDataAreRefused) {
  for (const char* offsets : {"[0,12]", "[4,0]", "[8,16]", "[-4,4]", "[0,4,8]", "[0]", "[0.5,8]", "[\"0\",8]",
                              "[18446744073709551612,18446744073709551615]", "[0,99999999999999999999999]"}) {
    EXPECT_EQ(refusal(raw("{" + tensor("a", "F32", "[2]", offsets) + "}", std::string(8, 'x'))), Code::Corruption)
        << offsets;
  }
}

TEST_F(Safetensors, OverlapsHolesAndLeftoversAreRefused) {
  const std::string data(16, 'x'), a = tensor("a", "F32", "[2]", "[0,8]");
  EXPECT_EQ(refusal(raw("{" + a + "," + tensor("b", "F32", "[2]", "[4,12]") + "}", data)), Code::Corruption);
  EXPECT_EQ(refusal(raw("{" + a + "," + tensor("b", "F32", "[2]", "[0,8]") + "}", data)), Code::Corruption);
  EXPECT_EQ(refusal(raw("{" + a + "," + tensor("b", "F32", "[1]", "[12,16]") + "}", data)), Code::Corruption);
  EXPECT_EQ(refusal(raw("{" + a + "}", data)), Code::Corruption);
}

TEST_F(Safetensors, SizesThatDoNotFitDtypeAndShapeAreRefused) {
  const std::string data(8, 'x');
  for (const char* shape : {"[3]", "[2,2]", "[4294967296,4294967296,4]", "[-2]", "[1,1,1,1,1,1,1,1,2]", "2", "[2.0]"}) {
    EXPECT_EQ(refusal(raw("{" + tensor("a", "F32", shape, "[0,8]") + "}", data)), Code::Corruption) << shape;
  }
  EXPECT_EQ(refusal(raw("{" + tensor("a", "F16", "[2]", "[0,8]") + "}", data)), Code::Corruption);
}

TEST_F(Safetensors, ANameThatComesTwiceIsRefused) {
  const std::string a = tensor("a", "F32", "[2]", "[0,8]");
  EXPECT_EQ(refusal(raw("{" + a + "," + a + "}", std::string(8, 'x'))), Code::Corruption);
  EXPECT_EQ(refusal(raw(R"({"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}})", "xxxxxxxx")),
            Code::Corruption);
}

TEST_F(Safetensors, AnUnknownDtypeIsUnsupportedAndIntegersAreNoFloats) {
  EXPECT_EQ(refusal(raw("{" + tensor("a", "Q4", "[2]", "[0,8]") + "}", "xxxxxxxx")), Code::Unsupported);
  const auto file = SafetensorsFile::open(raw("{" + tensor("a", "I32", "[2]", "[0,8]") + "}", "xxxxxxxx"));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->floats(*file->find("a")).error().code, Code::Unsupported);
}

TEST_F(Safetensors, AFileCutAnywhereIsRefused) {
  const std::string whole = read_file(fixture("exchange/stabilised/adapter_model.safetensors")).value();
  for (std::size_t n = 0; n < whole.size(); n += 97) {
    EXPECT_FALSE(SafetensorsFile::open(bytes(whole.substr(0, n)))) << n;
  }
}

TEST_F(Safetensors, NoFlippedByteOfTheHeaderCrashes) {
  const std::string whole = read_file(fixture("exchange/stabilised/adapter_model.safetensors")).value();
  std::uint64_t header = 0;
  std::memcpy(&header, whole.data(), sizeof header);
  for (std::size_t i = 0; i < header + 8; i += 3) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
    const auto file = SafetensorsFile::open(bytes(changed));
    if (!file) continue;
    for (const Safetensor& each : file->tensors()) {
      if (file->floats(each)) {
        EXPECT_LE(each.data.size(), whole.size());
      }
    }
  }
}

TEST(Half, EveryHalfAndEveryBfloatComesBack) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float wide = float_from_half(half), other = float_from_bfloat(half);
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(float_from_half(half_from_float(wide))));
    } else {
      EXPECT_EQ(half_from_float(wide), half) << bits;
    }
    if (!std::isnan(other)) {
      EXPECT_EQ(bfloat_from_float(other), half) << bits;
    }
  }
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(float_from_half(half_from_float(1.0F + 1.0F / 2048)), 1.0F);
  EXPECT_EQ(float_from_half(half_from_float(1.0F + 3.0F / 2048)), 1.0F + 2.0F / 1024);
  EXPECT_EQ(float_from_half(half_from_float(65519)), 65504.0F);
  EXPECT_TRUE(std::isinf(float_from_half(half_from_float(65520))));
  EXPECT_EQ(float_from_half(half_from_float(0x1.8p-25F)), 0x1p-24F);
  EXPECT_EQ(float_from_half(half_from_float(0x1p-25F)), 0.0F);
  EXPECT_EQ(float_from_bfloat(bfloat_from_float(1.0F + 1.0F / 256)), 1.0F);
  EXPECT_EQ(float_from_bfloat(bfloat_from_float(1.0F + 3.0F / 256)), 1.0F + 2.0F / 128);
}

}  // namespace
}  // namespace banchu::test
